"""An application whose behaviour the path of a request names, in every dialect that servers take.

The dialects are `asgi3`, `ASGI2`, `consumer`, `function` (see `dialects`), `wsgi`, and `starlette`, by its responses.

HTTP

    /hello                 says ``hello``
    /echo                  says the request as JSON, with its body
    /read                  reads the whole body and says how many bytes it has
    /status/304?TEXT       answers with a status, and with a body of the percent-encoded text, which may be empty
    /headers?NAME=VALUE&…  answers with headers of these percent-encoded bytes, in this order
    /large/N               says N bytes
    /sleep/SECONDS         lets the time pass and other requests be answered meanwhile, then says ``slept``
    /block/SECONDS         holds the thread for the time, then says ``blocked``
    /stream/COUNT/SECONDS  sends a tick, waits, and so on, without a length
    /ticks                 says how many ticks and messages of a flood were sent by this process
    /state/ANYTHING        says the lifespan's state as JSON, as the request finds it, then puts its own path there
    /context/ANYTHING      says a context variable as the request finds it; sets it to its path before it reads the body
    /process               says the process as JSON: pid, parent, thread, threads, descriptors, memory in bytes
    /heard                 says as JSON what ``/ws/late`` or ``/ws/reject/receive`` received last

Every other path is answered ``answer to PATH``. Every answer names its process in a header ``x-process``.

WebSocket

    /ws/echo                sends back what it receives
    /ws/scope               sends the handshake as JSON, then as /ws/echo
    /ws/header/NAME         sends as JSON the values that the handshake has of a header, then as /ws/echo
    /ws/headers?NAME=VALUE  accepts with headers as /headers has them, then as /ws/echo
    /ws/wait/SECONDS        lets the time pass before it accepts, then as /ws/echo
    /ws/late/SECONDS        accepts, lets the time pass, and only then receives, until the end; /heard says what
    /ws/flood/COUNT/SIZE    accepts and sends messages of SIZE bytes
    /ws/close/CODE          accepts and closes
    /ws/return              accepts and returns
    /ws/crash               accepts and raises an exception
    /ws/reject              closes before it accepts
    /ws/reject/receive      closes before it accepts, and then receives until the end; /heard says what

Variables of the environment

    READY_LIFESPAN  ``ordinary``, ``failed`` (with a message), ``failed-silently`` (without), ``crash`` (raises when it is
                    told to start), ``never`` (does not answer), ``absent`` (raises, as applications that know no lifespan)
    READY_IMPORT    what importing this module does: ``raise``, ``context`` (sets the context variable to ``import``), or
                    a number of seconds, which importing takes

The log has a line for each phase of the lifespan: ``ready: lifespan.startup``.
Runs inside the cells: the syntax of Python 3.5, and nothing but the standard library.
"""

import asyncio
import os
import sys
import time

import dialects
from ready_http import CONTEXT, steps, text, told
from ready_websocket import talk

LIFESPAN = os.environ.get("READY_LIFESPAN", "ordinary")
IMPORT = os.environ.get("READY_IMPORT", "0")

if LIFESPAN not in ("ordinary", "failed", "failed-silently", "crash", "never", "absent"):
    raise ValueError("READY_LIFESPAN is %r" % LIFESPAN)
if IMPORT == "raise":
    raise RuntimeError("ready: raised at import")
elif IMPORT == "context" and CONTEXT is None:
    raise RuntimeError("ready: this Python has no context variables")
elif IMPORT == "context":
    CONTEXT.set("import")
else:
    time.sleep(float(IMPORT))


async def asgi3(scope, receive, send):
    """Answer in ASGI 3."""
    if scope["type"] == "lifespan":
        await _LIFESPANS[LIFESPAN](scope, receive, send)
    elif scope["type"] == "websocket":
        await talk(scope, receive, send)
    else:
        await _http(scope, receive, send)


ASGI2, consumer, function = dialects.older(asgi3)


async def starlette(scope, receive, send):
    """Answer in ASGI 3 by starlette, which is loaded only here."""
    if scope["type"] == "http":
        from ready_starlette import answer

        await answer(scope, receive, send)
    else:
        await asgi3(scope, receive, send)


async def _http(scope, receive, send):
    doing, back = steps(told(scope)), None
    while True:
        try:
            step = doing.send(back)
        except StopIteration:
            return
        back = None
        if step[0] == "read":
            back = await _whole(receive)
        elif step[0] == "sleep":
            await asyncio.sleep(step[1])
        elif step[0] == "start":
            await send({"type": "http.response.start", "status": step[1], "headers": step[2]})
        else:
            await send({"type": "http.response.body", "body": step[1], "more_body": step[2]})


async def _whole(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += bytes(message.get("body", b""))  # granian 0.1 has a list of numbers
        more = message.get("more_body", False)
    return body


def wsgi(environ, start_response):
    """Answer in WSGI."""
    doing, back = steps(_told_by_wsgi(environ)), None
    while True:
        step = doing.send(back)
        back = None
        if step[0] == "read":
            back = _read(environ)
        elif step[0] == "sleep":
            time.sleep(step[1])
        else:
            break
    headers = [(text(name), text(value)) for name, value in step[2]]
    start_response("%d %s" % (step[1], "Status"), headers)
    return _bodies(doing) if "/stream/" in environ["PATH_INFO"] else [body for body in _bodies(doing) if body]


def _read(environ):
    """Read the whole body: by its length, or, where it came in chunks, to the end that the server gives it."""
    if environ.get("CONTENT_LENGTH"):
        return environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return environ["wsgi.input"].read() if environ.get("HTTP_TRANSFER_ENCODING") else b""


def _bodies(doing):
    for step in doing:
        if step[0] == "sleep":
            time.sleep(step[1])
        else:
            yield step[1]


def _told_by_wsgi(environ):
    """Return an environ in the words of a scope."""
    headers = [[name[5:].lower().replace("_", "-"), environ[name]] for name in sorted(environ) if name[:5] == "HTTP_"]
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        if environ.get(name):
            headers.append([name.lower().replace("_", "-"), environ[name]])
    raw = environ.get("RAW_URI", environ.get("REQUEST_URI"))
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "raw_path": raw,
        "raw_path_type": type(raw).__name__,
        "query": environ.get("QUERY_STRING", ""),
        "headers": headers,
        "client": [environ.get("REMOTE_ADDR"), environ.get("REMOTE_PORT")],
        "server": [environ.get("SERVER_NAME"), environ.get("SERVER_PORT")],
        "scheme": environ["wsgi.url_scheme"],
        "http_version": environ.get("SERVER_PROTOCOL", "").replace("HTTP/", ""),
        "root_path": environ.get("SCRIPT_NAME", ""),
        "subprotocols": [],
        "asgi": None,
        "state": None,
    }


async def _ordinary(scope, receive, send):
    if "state" in scope:
        scope["state"]["path"] = "lifespan"

    async def logged():
        message = await receive()
        sys.stderr.write("ready: %s\n" % message["type"])
        sys.stderr.flush()
        return message

    await dialects.lifespan(logged, send)


async def _failed(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "ready: failed to start"})


async def _failed_silently(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed"})


async def _crash(scope, receive, send):
    await receive()
    raise RuntimeError("ready: raised at start")


async def _never(scope, receive, send):
    await receive()
    await asyncio.sleep(3600)


async def _absent(scope, receive, send):
    raise ValueError("ready: no lifespan is known here")


_LIFESPANS = {
    "ordinary": _ordinary,
    "failed": _failed,
    "failed-silently": _failed_silently,
    "crash": _crash,
    "never": _never,
    "absent": _absent,
}
