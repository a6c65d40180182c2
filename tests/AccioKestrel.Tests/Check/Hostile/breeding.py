"""Keeps fifty processes, each in a session of its own. A process writes 200 files, ends after ten seconds, and is replaced. All ignore signals."""

import os
import signal
import time

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
children = 0
while True:
    if children == 50:
        os.wait()
        children -= 1
    if os.fork() == 0:
        os.setsid()
        for number in range(200):
            open(f"{os.getpid()}-{number}", "w").close()
            time.sleep(0.05)
        os._exit(0)
    children += 1
    time.sleep(0.05)
