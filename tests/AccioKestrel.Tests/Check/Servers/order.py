"""Serves the last that came first."""

import socket
import sys
from right import Server


class Wrong(Server):
    def loop(self):
        waiting = []
        while not self.stopping:
            try:
                self.listener.settimeout(0 if waiting else self.slice)
                waiting.append(self.listener.accept()[0])
            except (socket.timeout, BlockingIOError):
                if waiting:
                    self.serve(waiting.pop())


sys.exit(Wrong().main())
