"""Counts the header."""

import sys
from right import FIRST, SECOND, Server


class Wrong(Server):
    def count(self, client):
        return len(FIRST + SECOND) + super().count(client)


sys.exit(Wrong().main())
