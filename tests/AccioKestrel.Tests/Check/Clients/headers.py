"""Leaves out the empty line."""

import sys
import right

right.SECOND = b"confirm-accio-again\r\n"
sys.exit(right.Client().main())
