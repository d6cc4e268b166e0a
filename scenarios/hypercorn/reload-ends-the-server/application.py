"""Says a greeting that the scenario edits. Runs inside the cells: the syntax of Python 3.5."""

import dialects

GREETING = b"before"


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        await dialects.lifespan(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [[b"content-length", b"%d" % len(GREETING)]]})
    await send({"type": "http.response.body", "body": GREETING})


ASGI2, consumer, function = dialects.older(asgi3)
