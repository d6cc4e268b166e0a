"""A server that does what its first argument says; Python 3.6, the standard library only."""

import hashlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    """Says hello at /, a variable at /env, its own file at /file."""

    def do_GET(self):
        body = b"hello"
        if self.path == "/env":
            body = os.environ["LIFE"].encode()
        if self.path == "/file":
            with open("life_text.txt", "rb") as file:
                body = file.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "somebody"


class Server(http.server.HTTPServer):
    """An HTTP server on a socket that listens already."""

    def __init__(self, listening):
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

    def get_request(self):
        connection, _ = self.socket.accept()
        return connection, ("somebody", 0)


def listening(family, address):
    one = socket.socket(family)
    if family != getattr(socket, "AF_UNIX", None):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(address)
    one.listen(16)
    return one


def serve(one):
    print("serving", flush=True)
    Server(one).serve_forever(poll_interval=0.05)


def child(word):
    return subprocess.Popen([sys.executable, "-S", __file__, "sleep", word], start_new_session=True)


mode, arguments = sys.argv[1], sys.argv[2:]
if mode == "sleep":
    time.sleep(600)
elif mode == "disown":
    child("orphan")
elif mode == "exit":
    sys.exit(int(arguments[0]))
elif mode == "read":
    data = sys.stdin.buffer.read()
    print(len(data), hashlib.sha256(data).hexdigest(), flush=True)
elif mode == "tcp":
    serve(listening(socket.AF_INET, ("127.0.0.1", int(arguments[0]))))
elif mode == "tcp6":
    serve(listening(socket.AF_INET6, ("::1", int(arguments[0]))))
elif mode == "unix":
    signal.signal(signal.SIGTERM, lambda *_: (os.unlink(arguments[0]), sys.exit(0)))
    serve(listening(socket.AF_UNIX, arguments[0]))
elif mode == "fd":
    serve(socket.socket(fileno=int(arguments[0])))
elif mode == "slow":
    print("about to serve", flush=True)
    time.sleep(0.3)
    serve(listening(socket.AF_INET, ("127.0.0.1", int(arguments[0]))))
elif mode == "family":
    one = listening(socket.AF_INET, ("127.0.0.1", int(arguments[0])))
    extra = listening(socket.AF_INET, ("127.0.0.1", 0))
    print("extra", extra.getsockname()[1], flush=True)
    children = [child("worker 1"), child("worker 2")]
    subprocess.check_call([sys.executable, "-S", __file__, "disown"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(one)
