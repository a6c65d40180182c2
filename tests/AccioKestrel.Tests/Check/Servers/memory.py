"""Collects the file."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        parts = []
        while part := self.receive(client, 65536):
            parts.append(part)
        return len(b"".join(parts))


sys.exit(Wrong().main())
