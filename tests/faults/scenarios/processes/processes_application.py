"""A server whose processes do what its first argument says; the port is the second."""

import http.server
import os
import signal
import sys
import time

STORM = 64
STORM_S = 30.0  # after which it ends by itself, whatever else does not end it


def storm():
    """Have 64 processes, without environment, each of which is replaced by its child every 10 ms."""
    end = time.monotonic() + STORM_S
    for _ in range(STORM):
        if os.fork() == 0:
            os.setsid()
            os.execve(sys.executable, [sys.executable, "-S", __file__, "one-of-a-storm", str(end)], {})


def one_of_a_storm(end):
    """Be replaced until the end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while time.monotonic() < end:
        time.sleep(0.01)
        if os.fork():
            os._exit(0)


class Handler(http.server.BaseHTTPRequestHandler):
    """Says hello."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


if sys.argv[1] == "one-of-a-storm":
    one_of_a_storm(float(sys.argv[2]))
    sys.exit()
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
if sys.argv[1] == "storm":
    storm()
if sys.argv[1] == "kills-its-parent":
    os.kill(os.getppid(), signal.SIGKILL)
if sys.argv[1] == "disowns" and os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        code = "import os, sys, time; open(sys.argv[1], 'a').write('0 %d 0\\n' % os.getpid()); time.sleep(100)"
        os.execve(sys.executable, [sys.executable, "-S", "-c", code, sys.argv[3]], {})
    os._exit(0)
server.serve_forever(poll_interval=0.05)
