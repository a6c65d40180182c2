"""Takes more memory than it may have, and keeps it."""

import time

# More than twice the limit of 128 MiB: a part of it may be swapped out. Not more, because a busy machine is slow to provide memory.
memory = b"x" * (300 << 20)
time.sleep(600)
