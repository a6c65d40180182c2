"""Binds localhost."""

import sys
from right import Server


class Wrong(Server):
    address = "127.0.0.1"


sys.exit(Wrong().main())
