"""Ends with a traceback where an argument is missing."""

import sys
from right import Client

_, host, port, name = sys.argv
sys.exit(Client().main())
