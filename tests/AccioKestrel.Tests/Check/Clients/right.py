"""A right client. Each wrong client beside it changes one thing, and is named after the one check that it fails."""

import socket
import sys

COMMAND = b"accio\r\n"
FIRST = b"confirm-accio\r\n"
SECOND = b"confirm-accio-again\r\n\r\n"


class Client:
    connecting = 10
    limit = 10

    def main(self):
        try:
            host, port, name = self.arguments()
            file = self.open(name)
            server = self.connect(host, port)
        except (IndexError, ValueError, OSError, OverflowError) as error:
            return self.fail(error)
        with file, server:
            try:
                self.exchange(server, file)
            except (OSError, ValueError) as error:
                return self.fail(error)
        return 0

    def fail(self, error):
        sys.stderr.write(f"ERROR: {error}\n")
        return 1

    def arguments(self):
        host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        if not 1 <= port <= 65535:
            raise ValueError(f"{port} is no port")
        return host, port, name

    def open(self, name):
        return open(name, "rb")

    def connect(self, host, port):
        return socket.create_connection((host, port), timeout=self.connecting)

    def exchange(self, server, file):
        server.settimeout(self.limit)
        self.expect(server)
        server.sendall(FIRST)
        self.expect(server)
        server.sendall(SECOND)
        self.send(server, file)
        self.end(server)

    def expect(self, server):
        got = b""
        while got != COMMAND:
            part = self.receive(server, len(COMMAND) - len(got))
            got += part
            if not part or not COMMAND.startswith(got):
                raise ValueError("no command")

    def receive(self, server, most):
        return server.recv(most)

    def send(self, server, file):
        while piece := file.read(65536):
            server.sendall(piece)

    def end(self, server):
        server.shutdown(socket.SHUT_WR)
        while server.recv(4096):
            pass


if __name__ == "__main__":
    sys.exit(Client().main())
