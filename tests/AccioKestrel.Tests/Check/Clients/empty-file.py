"""Takes an empty file for an error."""

import os
import sys
from right import Client


class Wrong(Client):
    def send(self, server, file):
        if os.fstat(file.fileno()).st_size == 0:
            raise ValueError("no file")
        super().send(server, file)


sys.exit(Wrong().main())
