"""Answers ``/protocols`` with how many HTTP protocols of uvicorn live in this process, all else as `ready` does.

Runs inside the cells: the syntax of Python 3.5.
"""

import gc

import dialects
import ready


async def asgi3(scope, receive, send):
    if scope["type"] != "http" or scope["path"] != "/protocols":
        await ready.asgi3(scope, receive, send)
        return
    gc.collect()
    kinds = [str(type(value)) for value in gc.get_objects()]
    count = sum(kind.startswith("<class 'uvicorn.protocols.http") and kind.endswith("Protocol'>") for kind in kinds)
    body = str(count).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [[b"content-length", b"%d" % len(body)]]})
    await send({"type": "http.response.body", "body": body})


ASGI2, consumer, function = dialects.older(asgi3)
