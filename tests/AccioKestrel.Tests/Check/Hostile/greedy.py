"""Takes more memory than it may have, and keeps it."""

import time

# Little more than its limit of 256 MiB: for a busy machine new memory is work.
memory = b"x" * (300 << 20)
time.sleep(600)
