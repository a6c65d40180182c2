"""Takes an empty file for an error."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        total = super().count(client)
        if not total:
            raise ValueError("no file")
        return total


sys.exit(Wrong().main())
