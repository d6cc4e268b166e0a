"""Starts sanic's own server: run_sanic.py APPLICATION ADDRESS [NAME=VALUE …]; the options are those of Sanic.run.

The application is a Sanic application, or an ASGI 3 function, each request of which is answered as a whole.
Runs inside the cells: the syntax of Python 3.5.
"""

import inspect

import bridging
import launching
from sanic import Sanic
from sanic.response import HTTPResponse

METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]
given = launching.application()


async def handle(request, path=""):
    """Answer one request by the ASGI function."""
    headers = [
        [name.lower().encode(), value.encode("utf-8", "surrogateescape")] for name, value in request.headers.items()
    ]
    target = request.path if hasattr(request, "path") else request.url.partition("?")[0]  # path came with 0.5
    if request.query_string:
        target += "?" + request.query_string
    asked = bridging.Request(request.method, target, headers, request.body or b"")
    await asked.answer(given)
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in asked.headers}
    kind = told.pop("content-type", "text/plain")
    told.pop("content-length", None)
    words = "body_bytes" if "body_bytes" in inspect.signature(HTTPResponse.__init__).parameters else "body"
    return HTTPResponse(status=asked.status, headers=told, content_type=kind, **{words: asked.body})


def routed():
    """Return an application that gives every request to the ASGI function."""
    application = Sanic("ready")
    known = inspect.signature(Sanic.route).parameters
    every = {"methods": METHODS} if "methods" in known else {}
    typed = (
        "<path:path>" if hasattr(application, "asgi") else "<path:[^?]*>"
    )  # path as a type came with the ASGI interface
    for name, place in (("root", "/"), ("below", "/" + typed)):
        named = {"name": name} if "name" in known else {}
        application.route(place, **dict(every, **named))(handle)
    return application


application = routed() if inspect.isfunction(given) else given
if __name__ == "__main__":  # workers import this module again
    if launching.socket():
        application.run(unix=launching.socket(), **launching.options())
    else:
        HOST, PORT = launching.address()
        application.run(host=HOST, port=PORT, **launching.options())
