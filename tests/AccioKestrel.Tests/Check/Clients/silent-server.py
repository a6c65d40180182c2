"""Waits for a command without end."""

import sys
from right import Client


class Wrong(Client):
    limit = None


sys.exit(Wrong().main())
