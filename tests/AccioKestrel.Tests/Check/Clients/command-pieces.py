"""Takes what one recv() returns for the command."""

import sys
from right import COMMAND, Client


class Wrong(Client):
    def expect(self, server):
        if self.receive(server, len(COMMAND)) != COMMAND:
            raise ValueError("no command")


sys.exit(Wrong().main())
