"""A right server that takes longer for ten million bytes than any other wait lasts."""

import os
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), "../Servers"))
from right import Server


class Slow(Server):
    def receive(self, client, most):
        part = super().receive(client, most)
        time.sleep(0.4 * len(part) / 65536)
        return part


sys.exit(Slow().main())
