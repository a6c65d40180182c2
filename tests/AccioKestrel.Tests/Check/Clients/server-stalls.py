"""Waits without end for a server that does not read."""

import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        server.settimeout(None)
        super().send(server, file)


sys.exit(Wrong().main())
