"""Takes the server's end for its own."""

import sys
from right import Client


class Ended(Exception):
    pass


class Wrong(Client):
    def receive(self, server, most):
        part = super().receive(server, most)
        if not part:
            raise Ended
        return part

    def exchange(self, server, file):
        try:
            super().exchange(server, file)
        except Ended:
            pass


sys.exit(Wrong().main())
