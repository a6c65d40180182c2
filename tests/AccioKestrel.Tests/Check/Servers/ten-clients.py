"""Has a thread for each client, so that all are served at once."""

import sys
import threading
from right import Server


class Wrong(Server):
    def serve(self, client):
        threading.Thread(target=super().serve, args=(client,), daemon=True).start()


sys.exit(Wrong().main())
