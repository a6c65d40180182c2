"""Fails where each answer of the server to a small file takes a round trip of a fifth of a second. A busy machine delays some answers, not all."""

import os
import sys
import time
from right import Client

FILE = 500
# The first command comes after one way of 100 ms, the second one and the end after two.
SLOW = [0.095, 0.19, 0.19]


class Wrong(Client):
    def exchange(self, server, file):
        self.waits = []
        super().exchange(server, file)
        if os.fstat(file.fileno()).st_size == FILE and all(wait > slow for wait, slow in zip(self.waits, SLOW)):
            raise ValueError("too slow")

    def expect(self, server):
        self.time(super().expect, server)

    def end(self, server):
        self.time(super().end, server)

    def time(self, step, server):
        begun = time.monotonic()
        step(server)
        self.waits.append(time.monotonic() - begun)


sys.exit(Wrong().main())
