"""Accepts at once, and counts the ten seconds from there."""

import sys
import threading
import time
import queue
import socket
from right import Server


class Wrong(Server):
    def loop(self):
        self.accepted = queue.Queue()
        threading.Thread(target=self.accept, daemon=True).start()
        while not self.stopping:
            try:
                client, since = self.accepted.get(timeout=self.slice)
            except queue.Empty:
                continue
            if time.monotonic() - since > 10.25:
                client.close()
                self.result("ERROR")
            else:
                self.serve(client)

    def accept(self):
        while not self.stopping:
            try:
                self.accepted.put((self.listener.accept()[0], time.monotonic()))
            except socket.timeout:
                pass


sys.exit(Wrong().main())
