"""Ignores all signals, writes without end, and never listens."""

import os
import signal

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
while True:
    os.write(1, b"\0\x1b[31m" * 8000)
