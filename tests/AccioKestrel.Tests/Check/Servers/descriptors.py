"""Opens a file for each client, and closes none."""

import sys
from right import Server


class Wrong(Server):
    files = []

    def serve(self, client):
        self.files.append(open("/dev/null", "wb"))
        super().serve(client)


sys.exit(Wrong().main())
