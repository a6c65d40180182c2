"""Sends the command with half of its line end."""

import sys
import right

right.COMMAND = b"accio\n"

sys.exit(right.Server().main())
