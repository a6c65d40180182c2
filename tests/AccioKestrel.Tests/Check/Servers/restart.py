"""Does not set SO_REUSEADDR."""

import socket
import sys
from right import Server


class Wrong(Server):
    def listen(self, port):
        self.listener = socket.socket()
        self.listener.bind((self.address, port))
        self.listener.listen(self.backlog)
        self.listener.settimeout(self.slice)


sys.exit(Wrong().main())
