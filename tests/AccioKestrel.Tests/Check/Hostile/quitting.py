"""Says something that is no text, and ends."""

import os

os.write(2, b"\0\x01\x1b[31m<&>]]>\xff\n")
