"""Fails where the exchange of a small file takes longer than two fifths of a second: it has two and a half round trips."""

import os
import sys
import time
from right import Client


class Wrong(Client):
    def exchange(self, server, file):
        begun = time.monotonic()
        super().exchange(server, file)
        if os.fstat(file.fileno()).st_size == 500 and time.monotonic() - begun > 0.4:
            raise ValueError("too slow")


sys.exit(Wrong().main())
