"""Takes a pause of two seconds for the end of the file."""

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
            pass
        return total


sys.exit(Wrong().main())
