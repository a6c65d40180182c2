"""A right server with asyncio: one task for each connection, and a lock for the turn."""

import asyncio
import signal
import sys

FIRST = b"confirm-accio\r\n"
SECOND = b"confirm-accio-again\r\n\r\n"
COMMAND = b"accio\r\n"
SILENCE = 10.25


async def confirm(reader, text):
    got = b""
    while got != text:
        part = await asyncio.wait_for(reader.read(len(text) - len(got)), SILENCE)
        got += part
        if not part or not text.startswith(got):
            raise ValueError("no confirmation")


async def exchange(reader, writer):
    writer.write(COMMAND)
    await confirm(reader, FIRST)
    writer.write(COMMAND)
    await confirm(reader, SECOND)
    total = 0
    while part := await asyncio.wait_for(reader.read(65536), SILENCE):
        total += len(part)
    return total


async def serve(turn, reader, writer):
    async with turn:
        try:
            result = str(await exchange(reader, writer))
        except (OSError, ValueError, asyncio.TimeoutError):
            result = "ERROR"
        print(result, flush=True)
        writer.close()


async def main():
    try:
        port = int(sys.argv[1])
        if not 1 <= port <= 65535:
            raise ValueError(f"{port} is no port")
        turn = asyncio.Lock()
        server = await asyncio.start_server(lambda reader, writer: serve(turn, reader, writer), "0.0.0.0", port)
    except (IndexError, ValueError, OSError) as error:
        sys.stderr.write(f"ERROR: {error}\n")
        return 1
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        await stopped.wait()
    return 0


sys.exit(asyncio.run(main()))
