"""Starts uvicorn by uvicorn.run: run_uvicorn.py APPLICATION PORT [NAME=VALUE …]; says so when uvicorn.run returns.

Runs inside the cells: the syntax of Python 3.5.
"""

import sys

import launching
import uvicorn

if __name__ == "__main__":  # workers and reloaders import this module again
    told = dict({"host": "127.0.0.1", "port": int(sys.argv[2])}, **launching.options())
    uvicorn.run(sys.argv[1], **told)
    sys.stderr.write("run_uvicorn.py: uvicorn.run returned\n")
