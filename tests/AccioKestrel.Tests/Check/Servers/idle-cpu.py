"""Asks without end whether there is a client."""

import sys
from right import Server


class Wrong(Server):
    def loop(self):
        self.listener.setblocking(False)
        while not self.stopping:
            try:
                client, _ = self.listener.accept()
            except BlockingIOError:
                continue
            self.serve(client)


sys.exit(Wrong().main())
