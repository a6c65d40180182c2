"""A right server. Each wrong server beside it changes one thing, and is named after the one check that it fails."""

import signal
import socket
import sys

FIRST = b"confirm-accio\r\n"
SECOND = b"confirm-accio-again\r\n\r\n"
COMMAND = b"accio\r\n"


class Stopped(Exception):
    pass


class Server:
    address = "0.0.0.0"
    backlog = 50
    slice = 0.25
    silence = 10.25
    stopping = False

    def main(self):
        try:
            port = self.port()
            self.handle_signals()
            self.listen(port)
        except (IndexError, ValueError, OSError) as error:
            sys.stderr.write(f"ERROR: {error}\n")
            return 1
        self.loop()
        return 0

    def port(self):
        port = int(sys.argv[1])
        if not 1 <= port <= 65535:
            raise ValueError(f"{port} is no port")
        return port

    def listen(self, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, port))
        self.listener.listen(self.backlog)
        self.listener.settimeout(self.slice)

    def handle_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, self.stop)

    def stop(self, *_):
        self.stopping = True

    def loop(self):
        while not self.stopping:
            try:
                client, _ = self.listener.accept()
            except socket.timeout:
                continue
            self.serve(client)

    def serve(self, client):
        with client:
            client.settimeout(self.slice)
            try:
                self.result(str(self.exchange(client)))
            except (OSError, ValueError, Stopped):
                self.result("ERROR")

    def result(self, text):
        print(text, flush=True)

    def exchange(self, client):
        client.sendall(COMMAND)
        self.confirm(client, FIRST)
        client.sendall(COMMAND)
        self.confirm(client, SECOND)
        return self.count(client)

    def confirm(self, client, text):
        got = b""
        while got != text:
            part = self.receive(client, len(text) - len(got))
            got += part
            if not part or not text.startswith(got):
                raise ValueError("no confirmation")

    def count(self, client):
        total = 0
        while part := self.receive(client, 65536):
            total += len(part)
        return total

    def receive(self, client, most):
        silent = 0.0
        while not self.stopping:
            try:
                return client.recv(most)
            except socket.timeout:
                silent += self.slice
                if silent >= self.silence:
                    raise
        raise Stopped


if __name__ == "__main__":
    sys.exit(Server().main())
