"""Starts werkzeug's development server: run_werkzeug.py APPLICATION ADDRESS [NAME=VALUE …], the options of run_simple.

Runs inside the cells: the syntax of Python 3.5.
"""

import launching
from werkzeug.serving import run_simple

if __name__ == "__main__":  # the reloader starts this script again
    HOST, PORT = ("unix://" + launching.socket(), 0) if launching.socket() else launching.address()
    run_simple(HOST, PORT, launching.application(), **launching.options())
