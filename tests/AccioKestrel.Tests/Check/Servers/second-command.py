"""Sends both commands at once."""

import sys
from right import COMMAND, FIRST, SECOND, Server


class Wrong(Server):
    def exchange(self, client):
        client.sendall(COMMAND + COMMAND)
        self.confirm(client, FIRST)
        self.confirm(client, SECOND)
        return self.count(client)


sys.exit(Wrong().main())
