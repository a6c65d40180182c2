"""Handles SIGINT alone."""

import signal
import sys
from right import Server


class Wrong(Server):
    def handle_signals(self):
        signal.signal(signal.SIGINT, self.stop)


sys.exit(Wrong().main())
