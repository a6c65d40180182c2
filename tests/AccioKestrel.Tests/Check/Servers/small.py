"""Receives the file once, with a buffer of 256 bytes."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        return len(self.receive(client, 256))


sys.exit(Wrong().main())
