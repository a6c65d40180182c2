"""Listens on the next port."""

import sys
from right import Server


class Wrong(Server):
    def listen(self, port):
        super().listen(port + 1 if port < 65535 else port - 1)


sys.exit(Wrong().main())
