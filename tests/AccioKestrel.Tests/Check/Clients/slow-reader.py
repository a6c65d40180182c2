"""Gives a server three seconds to take a piece."""

import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        server.settimeout(3)
        super().send(server, file)
        server.settimeout(self.limit)


sys.exit(Wrong().main())
