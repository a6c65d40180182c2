"""Looks at the flag only between two clients."""

import socket
import sys
from right import Server


class Wrong(Server):
    def receive(self, client, most):
        silent = 0.0
        while True:
            try:
                return client.recv(most)
            except socket.timeout:
                silent += self.slice
                if silent >= self.silence:
                    raise


sys.exit(Wrong().main())
