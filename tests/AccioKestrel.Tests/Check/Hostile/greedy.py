"""Takes more memory than any right server, and keeps it."""

import time

# More than the limit of the checker, but not without end: on a small machine the kernel would kill it before the checker looks.
memory = b"x" * (1700 << 20)
time.sleep(600)
