"""Starts processes in sessions of their own, up to a thousand."""

import os
import time

for _ in range(1000):
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
time.sleep(600)
