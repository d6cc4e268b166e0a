"""A server whose releases each do one thing wrong; `packages.py` puts a release's number into ``RELEASE``.

Started as ``toyserver --port N``. Runs inside a cell: the syntax of Python 3.8, the standard library only.
"""
# ruff: noqa: ANN001, ANN201, ANN204, C901, D102, D107, PLR0912, PTH123, S603, UP031
# mypy: ignore-errors

import argparse
import http.server
import os
import signal
import socket
import subprocess
import sys
import time

RELEASE = "0"
RELAYS_FAILING = ("toyrelay-0.1", "toyrelay-0.3", "toyrelay-0.4", "toyrelay-0.7rc1")
RELAYS_WITH_A_PART = ("toyrelay-0.8", "toyrelay-0.9", "toyrelay-0.10", "toyrelay-0.11")
GIGABYTE = 1024 * 1024 * 1024
HOSTILE = (
    b"first line, to be overwritten\r\x1b[2J\x1b[1;1H\x1b]0;owned\x07all is well\n"
    b"\xe2\x80\xaeover to left \xe2\x81\xa6isolated\x00 after NUL \xff\xfe not UTF-8 \xc2\x9b31m\n"
    b"| <script>alert(1)</script> | [link](http://localhost) `code` \x1b[31mred \xe2\x80\xae\x00\xff\n"
)


class Handler(http.server.BaseHTTPRequestHandler):
    """Says hello at ``/``; at ``/failure`` how it is, which should be fine."""

    hello = b"hello"
    state = b"fine"
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.state if self.path == "/failure" else self.hello
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Ledger:
    """A file outside of the cell with a line for every process of the subject: release, pid, port."""

    def __init__(self, path, port):
        self.path = path
        self.port = port

    def enter(self):
        """Add this process."""
        with open(self.path, "a") as file:
            file.write("%s %d %d\n" % (RELEASE, os.getpid(), self.port))

    def starts(self):
        """Return how often this release has been entered."""
        with open(self.path) as file:
            return sum(line.split()[0] == RELEASE for line in file)


def daemonize(ledger):
    """Leave a child behind that nobody is the parent of, in a session of its own, with the listening port open."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ledger.enter()
    time.sleep(3600)


def start_nameless_child(ledger):
    """Start a process in a session of its own that inherits nothing of this one's environment."""
    code = "import os, sys, time; open(sys.argv[1], 'a').write(sys.argv[2] % os.getpid()); time.sleep(3600)"
    line = "%s %%d %d\n" % (RELEASE, ledger.port)
    subprocess.Popen([sys.executable, "-S", "-c", code, ledger.path, line], env={}, start_new_session=True)


def print_a_gigabyte():
    """Fill whatever does not take the output away, or keeps all of it."""
    block = (b"." * 1023 + b"\n") * 1024
    for _ in range(GIGABYTE // len(block)):
        sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()


def listen_and_never_answer(port):
    """Take connections and say nothing."""
    with socket.create_server(("127.0.0.1", port)):
        time.sleep(3600)


def main():
    """Serve until SIGTERM, in the way of this release."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ledger", default=os.devnull)
    options = parser.parse_args()
    ledger = Ledger(options.ledger, options.port)
    ledger.enter()
    if RELEASE == "1.0" or (RELEASE == "1.10" and ledger.starts() % 2):
        Handler.state = b"broken"
    if RELEASE in RELAYS_FAILING:
        Handler.state = b"broken"
    if RELEASE.startswith("toyhub-"):
        import toyvalve  # noqa: PLC0415 - only the hub depends on it

        Handler.state = b"broken" if toyvalve.LEVEL >= 1.2 else b"fine"
    if RELEASE in RELAYS_WITH_A_PART:
        import toypart  # noqa: PLC0415 - only these depend on it

        Handler.state = b"fine" if toypart.LEVEL >= 2 else b"broken"
    if RELEASE in ("1.2", "toyrelay-0.5"):
        Handler.hello = b"hullo"
    if RELEASE == "1.2.1":
        Handler.state = b"sorry"
    if RELEASE == "1.3":
        time.sleep(3600)
    if RELEASE == "1.3.1":
        listen_and_never_answer(options.port)
    if RELEASE == "1.4":
        sys.exit("toyserver: there is no licence for this machine")
    if RELEASE == "1.5":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if RELEASE == "1.7":
        print_a_gigabyte()
    if RELEASE == "1.11":
        sys.stdout.buffer.write(HOSTILE)
        sys.stdout.buffer.flush()
        sys.exit(1)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    if RELEASE == "1.6":
        daemonize(ledger)
        daemonize(ledger)
        while ledger.starts() % 3:
            time.sleep(0.02)
    if RELEASE == "0.1":
        start_nameless_child(ledger)
    if RELEASE == "0.2" and os.fork() == 0:
        start_nameless_child(ledger)
        os._exit(0)
    while RELEASE in ("0.1", "0.2") and ledger.starts() < 2:
        time.sleep(0.02)
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
