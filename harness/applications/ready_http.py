"""What `ready` does upon a request: each behaviour is a generator of steps, which each dialect carries out in its way.

    ("read",)                   gives the whole body back
    ("sleep", seconds)
    ("start", status, headers)
    ("body", bytes, more)

Runs inside the cells: the syntax of Python 3.5, and nothing but the standard library.
"""

import json
import os
import threading
import time
from urllib.parse import unquote_to_bytes

try:
    import contextvars
except ImportError:  # Python 3.6
    contextvars = None

CONTEXT = contextvars.ContextVar("context") if contextvars else None
SENT = {"ticks": 0}
HEARD = []


def steps(request):
    """Yield the steps of the behaviour that the path of a request names."""
    words = request["path"].split("/")[1:]
    behaviour = BEHAVIOURS.get(words[0], _other)
    return behaviour(request, *words[1:])


def _answer(body, status=200, headers=()):
    own = [[b"content-type", b"text/plain"], [b"content-length", str(len(body)).encode()]]
    yield ("start", status, own + list(headers) + [[b"x-process", str(os.getpid()).encode()]])
    yield ("body", body, False)


def _json(value):
    return json.dumps(value, sort_keys=True).encode()


def pairs(query):
    """Return the headers that a query holds, percent-encoded."""
    found = [part.split("=", 1) for part in query.split("&") if "=" in part]
    return [[unquote_to_bytes(name), unquote_to_bytes(value)] for name, value in found]


def _hello(request):
    return _answer(b"hello")


def _other(request, *words):
    return _answer(b"answer to " + request["path"].encode())


def _echo(request, *words):
    body = yield ("read",)
    for step in _answer(_json(dict(request, state=None, body=body.decode("latin-1")))):
        yield step


def _read(request, *words):
    body = yield ("read",)
    for step in _answer(b"read %d bytes" % len(body)):
        yield step


def _status(request, status, *words):
    return _answer(unquote_to_bytes(request["query"]), int(status))


def _headers(request, *words):
    return _answer(b"headers", headers=pairs(request["query"]))


def _large(request, size):
    return _answer(b"x" * int(size))


def _sleep(request, seconds):
    yield ("sleep", float(seconds))
    for step in _answer(b"slept " + seconds.encode()):
        yield step


def _block(request, seconds):
    time.sleep(float(seconds))
    return _answer(b"blocked " + seconds.encode())


def _stream(request, count, seconds):
    yield ("start", 200, [[b"content-type", b"text/plain"]])
    for number in range(int(count)):
        yield ("body", b"tick %d\n" % number, True)
        SENT["ticks"] += 1
        yield ("sleep", float(seconds))
    yield ("body", b"", False)


def _ticks(request):
    return _answer(b"%d" % SENT["ticks"])


def _state(request, *words):
    state = request["state"]
    found = _json(state)
    if state is not None:
        state["path"] = request["path"]
    return _answer(found)


def _context(request, *words):
    found = CONTEXT.get("unset") if CONTEXT else "this Python has no context variables"
    if CONTEXT:
        CONTEXT.set(request["path"])
    yield ("read",)
    for step in _answer(found.encode()):
        yield step


def _process(request):
    memory = descriptors = None
    if os.path.isdir("/proc/self/fd"):
        descriptors = len(os.listdir("/proc/self/fd"))
        with open("/proc/self/statm") as file:
            memory = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    told = {"pid": os.getpid(), "parent": os.getppid(), "thread": threading.get_ident()}
    return _answer(_json(dict(told, threads=threading.active_count(), descriptors=descriptors, memory=memory)))


def _heard(request):
    return _answer(_json(HEARD))


BEHAVIOURS = {
    "hello": _hello,
    "echo": _echo,
    "read": _read,
    "status": _status,
    "headers": _headers,
    "large": _large,
    "sleep": _sleep,
    "block": _block,
    "stream": _stream,
    "ticks": _ticks,
    "state": _state,
    "context": _context,
    "process": _process,
    "heard": _heard,
}


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def told(scope):
    """Return a scope as JSON can hold it: bytes are read as Latin-1, and the type of ``raw_path`` is named."""
    names = ("type", "method", "path", "raw_path", "client", "server", "scheme", "http_version", "root_path")
    request = {name: text(scope.get(name)) for name in names}
    request["raw_path_type"] = type(scope.get("raw_path")).__name__
    request["query"] = text(scope.get("query_string", b""))
    request["headers"] = [[text(name), text(value)] for name, value in scope.get("headers", ())]
    request["subprotocols"] = [text(one) for one in scope.get("subprotocols") or ()]
    request["asgi"] = scope.get("asgi")
    request["state"] = scope.get("state")
    return request
