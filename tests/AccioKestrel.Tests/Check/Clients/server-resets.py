"""Does not look at what sending returns."""

import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        try:
            super().send(server, file)
        except (ConnectionResetError, BrokenPipeError):
            sys.exit(0)


sys.exit(Wrong().main())
