"""Counts no more than two million bytes."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        return min(super().count(client), 2_000_000)


sys.exit(Wrong().main())
