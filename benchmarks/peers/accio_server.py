"""The exchange of AccioKestrel in Python, written to be fast: one large buffer, no copies beyond the kernel's own."""

import os
import signal
import socket
import struct
import sys

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGQUIT
QUIET_SECONDS, QUIET_MICROSECONDS = 10, 250_000


class ProtocolError(Exception):
    pass


class Stopped(Exception):
    pass


def stop(*_):
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def confirm(client, confirmation):
    client.sendall(b"accio\r\n")
    # Never asks for more than is missing: what follows the confirmation stays in the socket and is counted as the file.
    received = b""
    while received != confirmation:
        part = client.recv(len(confirmation) - len(received))
        received += part
        if not part or not confirmation.startswith(received):
            raise ProtocolError


def exchange(client, buffer):
    confirm(client, b"confirm-accio\r\n")
    confirm(client, b"confirm-accio-again\r\n\r\n")
    total = 0
    while got := client.recv_into(buffer):
        total += got
    return total


def listen():
    port = int(sys.argv[1])
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by accepted sockets
    listener.bind(("0.0.0.0", port))
    listener.listen(512)
    return listener


def main():
    try:
        listener = listen()
        for number in SIGNALS:
            signal.signal(number, stop)
        serve(listener)
    except Stopped:
        return 0
    except (IndexError, ValueError, OSError) as error:
        sys.stderr.write(f"ERROR: {error}\n")
        return 1


def serve(listener):
    # The kernel's time-out and not settimeout(), which costs a poll() before every receive.
    quiet = struct.pack("ll", QUIET_SECONDS, QUIET_MICROSECONDS)
    buffer = bytearray(256 * 1024)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, quiet)
        try:
            line = b"%d\n" % exchange(client, buffer)
        except BlockingIOError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() aborts
            line = b"ERROR\n"
        except (ProtocolError, OSError):
            line = b"ERROR\n"
        os.write(1, line)
        client.close()


sys.exit(main())
