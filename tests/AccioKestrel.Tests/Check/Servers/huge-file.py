"""Counts with 32 bits."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        return super().count(client) & 0xFFFFFFFF


sys.exit(Wrong().main())
