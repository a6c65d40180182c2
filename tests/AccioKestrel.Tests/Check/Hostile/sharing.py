"""A right server with ten processes, which share its memory."""

import os
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), "../Servers"))
from right import Server

memory = b"x" * (300 << 20)


class Sharing(Server):
    def listen(self, port):
        super().listen(port)
        for _ in range(9):
            if os.fork() == 0:
                self.listener.close()
                time.sleep(600)


sys.exit(Sharing().main())
