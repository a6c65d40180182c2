"""Stops counting at a pause of two seconds, and drops the rest."""

import socket
import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        total = 0
        client.settimeout(2)
        try:
            while part := client.recv(65536):
                total += len(part)
        except socket.timeout:
            client.settimeout(self.slice)
            super().count(client)
        return total


sys.exit(Wrong().main())
