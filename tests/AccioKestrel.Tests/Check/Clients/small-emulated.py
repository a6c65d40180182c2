"""Fails where a small file takes longer than a fifth of a second."""

import os
import sys
import time
from right import Client


class Wrong(Client):
    def send(self, server, file):
        begun = time.monotonic()
        super().send(server, file)
        super().end(server)
        if os.fstat(file.fileno()).st_size == 500 and time.monotonic() - begun > 0.2:
            raise ValueError("too slow")

    def end(self, server):
        pass


sys.exit(Wrong().main())
