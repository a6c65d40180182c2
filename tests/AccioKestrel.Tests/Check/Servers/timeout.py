"""Waits without end."""

import sys
from right import Server


class Wrong(Server):
    silence = 1e9


sys.exit(Wrong().main())
