"""Ends with a traceback where the port is no number."""

import sys
from right import Client

if len(sys.argv) > 2:
    int(sys.argv[2])
sys.exit(Client().main())
