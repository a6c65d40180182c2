"""Looks for the header's empty line in the file once more."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        start = b""
        while len(start) < 100 and (part := self.receive(client, 100 - len(start))):
            start += part
        return len(start.split(b"\r\n\r\n")[-1]) + super().count(client)


sys.exit(Wrong().main())
