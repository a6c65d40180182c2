"""Takes a reset for the end of the file."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        total = 0
        try:
            while part := self.receive(client, 65536):
                total += len(part)
        except ConnectionResetError:
            pass
        return total


sys.exit(Wrong().main())
