# Answers GET /N after N seconds. Runs inside the cell: Python 3.6 syntax, no import but the standard library.
import asyncio


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            phase = message["type"].split(".")[1]  # startup, shutdown; cleanup before 0.4
            await send({"type": "lifespan.%s.complete" % phase})
            if phase != "startup":
                return
    await asyncio.sleep(float(scope["path"][1:]))
    body = b"answer to " + scope["path"].encode()
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body)).encode()]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class ASGI2:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await asgi3(self.scope, receive, send)


async def consumer(message, channels=None):  # before 0.1
    await asyncio.sleep(float(message["path"][1:]))
    body = b"answer to " + message["path"].encode()
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(body)).encode()]]
    reply = channels["reply"] if channels else message["reply_channel"]
    await reply.send({"status": 200, "headers": headers, "content": body})
