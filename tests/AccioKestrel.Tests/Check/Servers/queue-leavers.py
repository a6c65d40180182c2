"""Sends the first command where an error ends the server."""

import sys
from right import Server


class Wrong(Server):
    def serve(self, client):
        client.getpeername()
        super().serve(client)


sys.exit(Wrong().main())
