"""Counts the ten seconds from the beginning."""

import sys
import time
from right import Server


class Wrong(Server):
    def exchange(self, client):
        self.begun = time.monotonic()
        return super().exchange(client)

    def receive(self, client, most):
        part = super().receive(client, most)
        if time.monotonic() - self.begun > 15:
            raise ValueError("too long")
        return part


sys.exit(Wrong().main())
