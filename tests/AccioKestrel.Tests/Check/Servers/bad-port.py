"""Lets int() and bind() end it with a traceback."""

import sys
from right import Server


class Wrong(Server):
    def main(self):
        if len(sys.argv) > 1:
            sys.argv[1] = str(self.checked(sys.argv[1]))
        return super().main()

    def checked(self, text):
        port = int(text)
        if not 0 < port < 65536:
            raise OverflowError(port)
        return port


sys.exit(Wrong().main())
