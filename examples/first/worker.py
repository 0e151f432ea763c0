#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a web server every two seconds and prints what it says, until it is asked to stop."""
import os
import signal
import sys
import time
import urllib.request


def asked_to_stop(*_):
    print("asked to stop, done", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, asked_to_stop)
url = os.environ["URL"]

while True:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            print(answer.read().decode().strip(), flush=True)
    except OSError as why:
        print(f"{url}: {why}", file=sys.stderr, flush=True)
    time.sleep(2)
