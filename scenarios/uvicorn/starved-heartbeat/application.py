# Blocks the event loop, or waits, for as long as the path says: /block/0.34, /wait/0.34. Names its worker.
# Runs inside the cell: Python 3.6 syntax, no import but the standard library.
import asyncio
import os
import time


def body():
    return ("worker %d" % os.getpid()).encode()


def block(path):
    if path.startswith("/block/"):
        time.sleep(float(path.split("/")[2]))


async def work(path):
    block(path)
    if path.startswith("/wait/"):
        await asyncio.sleep(float(path.split("/")[2]))


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            phase = message["type"].split(".")[1]  # startup, shutdown; cleanup before 0.4
            await send({"type": "lifespan.%s.complete" % phase})
            if phase != "startup":
                return
    await work(scope["path"])
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body())).encode()]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body()})


class ASGI2:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await asgi3(self.scope, receive, send)


def reply():
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body())).encode()]]
    return {"status": 200, "headers": headers, "content": body()}


async def consumer(message, channels=None):  # 0.0.5 to 0.0.15
    await work(message["path"])
    channel = channels["reply"] if channels else message["reply_channel"]
    await channel.send(reply())


def function(message):  # before 0.0.5
    block(message.get("message", message.get("content", message))["path"])
    message["reply_channel"].send(reply())
