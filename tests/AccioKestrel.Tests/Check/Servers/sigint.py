"""Has no handler for SIGINT: Python's own raises KeyboardInterrupt."""

import signal
import sys
from right import Server


class Wrong(Server):
    def handle_signals(self):
        super().handle_signals()
        signal.signal(signal.SIGINT, signal.default_int_handler)


sys.exit(Wrong().main())
