"""Drops what came behind a command."""

import sys
from right import COMMAND, Client


class Wrong(Client):
    def expect(self, server):
        got = b""
        while not got.startswith(COMMAND):
            part = self.receive(server, 1024)
            got += part
            if not part or got[:len(COMMAND)] != COMMAND[:len(got)]:
                raise ValueError("no command")


sys.exit(Wrong().main())
