# Answers GET / with hello, and everything else as its path says. Started as `python hostile_application.py PORT`.
import gzip
import os
import signal
import socketserver
import sys
import time

CHUNK = b"x" * 65536


def head(*lines):
    return ("\r\n".join(("HTTP/1.1 200 OK",) + lines + ("", ""))).encode()


def flood(send):
    while True:
        send(CHUNK)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            data = self.request.recv(65536)
            while data:
                self.answer(data.split(b" ")[1].decode())
                data = self.request.recv(65536)
        except OSError:
            pass

    def answer(self, path):
        send = self.request.sendall
        if path == "/endless":
            send(head("content-length: 9000000000000"))
            flood(send)
        elif path == "/endless-chunked":
            send(head("transfer-encoding: chunked"))
            while True:
                send(b"10000\r\n" + CHUNK + b"\r\n")
        elif path == "/endless-head":
            send(b"HTTP/1.1 200 OK\r\nx-filler: ")
            flood(send)
        elif path == "/endless-answers":
            while True:
                send((head("content-length: 1") + b"x") * 1000)
        elif path == "/unpacks":  # to three gigabytes, for whoever decodes it
            body = gzip.compress(b"\0" * 3_000_000) * 1000
            send(head("content-encoding: gzip", "content-length: %d" % len(body)) + body)
        elif path == "/plain-as-gzip":
            send(head("content-encoding: gzip", "content-length: 5") + b"hello")
        elif path == "/drip":
            for byte in head("content-length: 1000") + CHUNK:
                send(bytes([byte]))
                time.sleep(0.05)
        elif path == "/sixty":
            for _ in range(1000):
                send(CHUNK)
        elif path == "/long":
            send(head("content-length: 5000000") + b"x" * 5_000_000)
        elif path == "/head":
            send(head("content-length: 5"))
        elif path == "/to-the-end":
            send(head() + b"hello")
            self.request.close()
        elif path == "/logged":  # a line that is printed before the answer, and one that is printed after the stop
            print("printed before the answer", flush=True)
            send(head("content-length: 5") + b"hello")
        else:
            send(head("content-length: 5") + b"hello")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def stop(*_):
    print("printed after the stop", flush=True)
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    if "mute" in sys.argv:
        time.sleep(3600)
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
