"""Ends where no client comes for ten seconds."""

import socket
import sys
import time
from right import Server


class Wrong(Server):
    def loop(self):
        since = time.monotonic()
        while not self.stopping and time.monotonic() - since < 10:
            try:
                client, _ = self.listener.accept()
            except socket.timeout:
                continue
            self.serve(client)
            since = time.monotonic()


sys.exit(Wrong().main())
