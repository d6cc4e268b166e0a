# Keeps the event loop that it saw when it was imported. Python 3.6 syntax, the standard library, and dialects.py.
import asyncio
import os

import dialects

IMPORTER = os.getpid()
KEPT = asyncio.get_event_loop()


def nothing():
    pass


def answer(path):
    if path == "/kept":
        KEPT.call_soon(nothing)
        return b"kept"
    if path == "/imported":
        return b"imported by the worker" if IMPORTER == os.getpid() else b"imported by the master"
    return b"plain"


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        await dialects.lifespan(receive, send)
        return
    body = answer(scope["path"])
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body)).encode()]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


ASGI2, consumer, function = dialects.older(asgi3)
