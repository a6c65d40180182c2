"""Says on standard output what it does."""

import sys
from right import Server


class Wrong(Server):
    def listen(self, port):
        super().listen(port)
        print(f"Listening on port {port}", flush=True)


sys.exit(Wrong().main())
