"""Reads the file as text."""

import sys
from right import Client


class Wrong(Client):
    def open(self, name):
        return open(name, encoding="latin-1")

    def send(self, server, file):
        while piece := file.read(65536):
            server.sendall(piece.encode("utf-8"))


sys.exit(Wrong().main())
