"""Takes what one recv() returns for one confirmation."""

import sys
from right import Server


class Wrong(Server):
    def confirm(self, client, text):
        if self.receive(client, len(text)) != text:
            raise ValueError("no confirmation")


sys.exit(Wrong().main())
