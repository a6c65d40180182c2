"""Prints a sentence."""

import sys
from right import Server


class Wrong(Server):
    def result(self, text):
        super().result(text if text == "ERROR" else f"Received {text} bytes")


sys.exit(Wrong().main())
