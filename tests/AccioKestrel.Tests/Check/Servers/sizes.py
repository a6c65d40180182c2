"""Waits for a buffer that is not full."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        total = super().count(client)
        if total and total % 4096 == 0:
            raise ValueError("the end is missing")
        return total


sys.exit(Wrong().main())
