"""Gives up after five seconds."""

import sys
from right import Server


class Wrong(Server):
    silence = 5


sys.exit(Wrong().main())
