"""Takes memory without end."""

import time

memory = []
while True:
    # In one pass, so that a busy machine too reaches the limit of memory before the one of time.
    memory.append(b"x" * (256 << 20))
    time.sleep(0.02)
