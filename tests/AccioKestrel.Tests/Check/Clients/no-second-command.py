"""Waits for the second command without end."""

import sys
from right import Client


class Wrong(Client):
    def expect(self, server):
        super().expect(server)
        server.settimeout(None if server.gettimeout() else self.limit)

    def send(self, server, file):
        server.settimeout(self.limit)
        super().send(server, file)


sys.exit(Wrong().main())
