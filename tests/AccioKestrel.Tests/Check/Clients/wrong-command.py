"""Takes any seven bytes for a command."""

import sys
from right import COMMAND, Client


class Wrong(Client):
    def expect(self, server):
        missing = len(COMMAND)
        while missing:
            part = self.receive(server, missing)
            if not part:
                raise ValueError("no command")
            missing -= len(part)


sys.exit(Wrong().main())
