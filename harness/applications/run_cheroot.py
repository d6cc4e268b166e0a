"""Starts cheroot's WSGI server: run_cheroot.py APPLICATION ADDRESS [NAME=VALUE …]; the options are the server's own.

Runs inside the cells: the syntax of Python 3.5.
"""

import signal
import sys

import launching
from cheroot import wsgi

Server = getattr(wsgi, "Server", None) or wsgi.WSGIServer  # Server from 6.0 on
server = Server(launching.socket() or launching.address(), launching.application(), **launching.options())
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
try:
    server.start()
finally:
    server.stop()
