"""What the ready-made scripts that start servers have in common: SCRIPT APPLICATION ADDRESS [NAME=VALUE …].

The application is MODULE:ATTRIBUTE, the address HOST:PORT or unix:PATH, and each value a Python literal or a text.
Runs inside the cells: the syntax of Python 3.5, and nothing but the standard library.
"""

import ast
import importlib
import sys


def application():
    """Return the application that the call names."""
    module, attribute = sys.argv[1].split(":")
    return getattr(importlib.import_module(module), attribute)


def address():
    """Return the host and the port that the call names."""
    host, port = sys.argv[2].rsplit(":", 1)
    return host.strip("[]"), int(port)


def socket():
    """Return the path of the Unix socket that the call names, or None."""
    kind, path = sys.argv[2].split(":", 1)
    return path if kind == "unix" else None


def options(first=3):
    """Return the options of the call; ``first`` is the position of the first one."""
    return dict(_option(word) for word in sys.argv[first:])


def _option(word):
    name, text = word.split("=", 1)
    try:
        return name, ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return name, text
