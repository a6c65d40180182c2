"""Leaves its results in the buffer of standard output."""

import sys
from right import Server


class Wrong(Server):
    def result(self, text):
        print(text)


sys.exit(Wrong().main())
