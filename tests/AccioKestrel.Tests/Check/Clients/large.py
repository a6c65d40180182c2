"""Sends each large piece once, and does not look at how much of it was taken."""

import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        while piece := file.read(16_000_000):
            server.send(piece[:5_000_000])


sys.exit(Wrong().main())
