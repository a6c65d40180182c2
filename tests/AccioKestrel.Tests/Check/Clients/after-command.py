"""Sends the first confirmation before the command."""

import sys
from right import FIRST, SECOND, Client


class Wrong(Client):
    def exchange(self, server, file):
        server.settimeout(self.limit)
        server.sendall(FIRST)
        self.expect(server)
        self.expect(server)
        server.sendall(SECOND)
        self.send(server, file)
        self.end(server)


sys.exit(Wrong().main())
