"""Decodes the file."""

import codecs
import sys
from right import Server


class Wrong(Server):
    def count(self, client):
        total = 0
        decoder = codecs.getincrementaldecoder("utf-8")()
        while part := self.receive(client, 65536):
            total += len(decoder.decode(part))
        return total


sys.exit(Wrong().main())
