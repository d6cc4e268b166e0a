# Keeps the event loop it saw when it was imported. Python 3.6 syntax, no import but the standard library.
import asyncio
import os

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
        while True:
            message = await receive()
            phase = message["type"].split(".")[1]  # startup, shutdown; cleanup before 0.4
            await send({"type": "lifespan.%s.complete" % phase})
            if phase != "startup":
                return
    body = answer(scope["path"])
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body)).encode()]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class ASGI2:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await asgi3(self.scope, receive, send)


def reply(path):
    body = answer(path)
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body)).encode()]]
    return {"status": 200, "headers": headers, "content": body}


async def consumer(message, channels=None):  # 0.0.5 to 0.0.15
    channel = channels["reply"] if channels else message["reply_channel"]
    await channel.send(reply(message["path"]))


def function(message):  # before 0.0.5
    path = message.get("message", message.get("content", message))["path"]
    message["reply_channel"].send(reply(path))
