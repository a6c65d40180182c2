"""Closes after two million bytes."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        total = 0
        while total < 2_000_000 and (part := self.receive(client, 65536)):
            total += len(part)
        return total


sys.exit(Wrong().main())
