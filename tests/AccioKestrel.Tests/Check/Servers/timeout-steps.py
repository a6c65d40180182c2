"""Has no time-out in the file."""

import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        self.silence = 1e9
        try:
            return super().count(client)
        finally:
            self.silence = Server.silence


sys.exit(Wrong().main())
