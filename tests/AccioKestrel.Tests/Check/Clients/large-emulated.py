"""Fails where a large file takes longer than five seconds: the pause alone takes four."""

import os
import sys
import time
from right import Client


class Wrong(Client):
    def send(self, server, file):
        begun = time.monotonic()
        super().send(server, file)
        super().end(server)
        if os.fstat(file.fileno()).st_size > 5_000_000 and time.monotonic() - begun > 5:
            raise ValueError("too slow")

    def end(self, server):
        pass


sys.exit(Wrong().main())
