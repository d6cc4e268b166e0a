# Answers with its process, /hold/N after holding it for N seconds. Python 3.7 syntax, standard library only.
import os
import time


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            phase = message["type"].split(".")[1]
            await send({"type": "lifespan.%s.complete" % phase})
            if phase != "startup":
                return
    if scope["path"].startswith("/hold/"):
        time.sleep(float(scope["path"].split("/")[2]))
    body = ("worker %d" % os.getpid()).encode()
    headers = [
        [b"content-type", b"text/plain"],
        [b"content-length", str(len(body)).encode()],
        [b"connection", b"close"],
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class ASGI2:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await asgi3(self.scope, receive, send)
