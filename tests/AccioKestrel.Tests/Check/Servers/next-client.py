"""Serves one client, and ends."""

import sys
from right import Server


class Wrong(Server):
    def serve(self, client):
        super().serve(client)
        self.stopping = True


sys.exit(Wrong().main())
