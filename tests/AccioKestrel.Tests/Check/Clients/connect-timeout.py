"""Leaves the time of connecting to the system."""

import sys
from right import Client


class Wrong(Client):
    connecting = None


sys.exit(Wrong().main())
