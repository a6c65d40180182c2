"""Drops what came with the last bytes of the header."""

import sys
from right import Server


class Wrong(Server):
    def confirm(self, client, text):
        got = b""
        while not got.startswith(text):
            part = self.receive(client, 4096)
            got += part
            if not part or got[:len(text)] != text[:len(got)]:
                raise ValueError("no confirmation")


sys.exit(Wrong().main())
