"""Connects to the next port."""

import sys
from right import Client


class Wrong(Client):
    def connect(self, host, port):
        return super().connect(host, port + 1)


sys.exit(Wrong().main())
