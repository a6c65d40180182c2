"""Counts the bytes of the header, and does not compare them."""

import sys
from right import Server


class Wrong(Server):
    def confirm(self, client, text):
        missing = len(text)
        while missing:
            part = self.receive(client, missing)
            if not part:
                raise ValueError("no confirmation")
            missing -= len(part)


sys.exit(Wrong().main())
