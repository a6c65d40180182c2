"""Does not catch the time-out of one client, and ends."""

import socket
import sys
from right import Server, Stopped


class Wrong(Server):
    def serve(self, client):
        with client:
            client.settimeout(self.slice)
            try:
                self.result(str(self.exchange(client)))
            except socket.timeout:
                self.result("ERROR")
                self.stopping = True
            except (OSError, ValueError, Stopped):
                self.result("ERROR")


sys.exit(Wrong().main())
