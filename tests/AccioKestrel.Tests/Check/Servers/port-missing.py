"""Ends with a traceback where there is no port."""

import sys
from right import Server

if len(sys.argv) < 2:
    raise IndexError("no port")
sys.exit(Server().main())
