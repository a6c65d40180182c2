"""Goes on without an address of its own."""

import sys
import time
from right import Server


class Wrong(Server):
    def listen(self, port):
        while True:
            try:
                return super().listen(port)
            except OSError:
                time.sleep(0.1)


sys.exit(Wrong().main())
