"""Takes the client's end within the header for the end of the file."""

import sys
from right import Server


class Ended(Exception):
    pass


class Wrong(Server):
    def exchange(self, client):
        try:
            return super().exchange(client)
        except Ended:
            return 0

    def confirm(self, client, text):
        got = b""
        while got != text:
            part = self.receive(client, len(text) - len(got))
            got += part
            if not part:
                raise Ended
            if not text.startswith(got):
                raise ValueError("no confirmation")


sys.exit(Wrong().main())
