"""Reads the whole file."""

import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        server.sendall(file.read())


sys.exit(Wrong().main())
