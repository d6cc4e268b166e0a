# Answers with its mark, which the scenario changes. Python 3.7 syntax, no import but the standard library.
MARK = b"one"


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            phase = message["type"].split(".")[1]
            await send({"type": "lifespan.%s.complete" % phase})
            if phase != "startup":
                return
    headers = [[b"content-type", b"text/plain"], [b"content-length", str(len(MARK)).encode()]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": MARK})


class ASGI2:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await asgi3(self.scope, receive, send)
