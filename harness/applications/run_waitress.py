"""Starts waitress by waitress.serve: run_waitress.py APPLICATION ADDRESS [NAME=VALUE …].

Runs inside the cells: the syntax of Python 3.5.
"""

import launching
import waitress

if launching.socket():
    waitress.serve(launching.application(), unix_socket=launching.socket(), **launching.options())
else:
    HOST, PORT = launching.address()
    waitress.serve(launching.application(), host=HOST, port=PORT, **launching.options())
