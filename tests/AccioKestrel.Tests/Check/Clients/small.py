"""Fills a small file up to 1000 bytes."""

import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        if piece := file.read(1000):
            server.sendall(piece if len(piece) == 1000 or len(piece) < 100 else piece + bytes(1000 - len(piece)))
        super().send(server, file)


sys.exit(Wrong().main())
