"""Every dialect of an application, made of one function ``asgi3(scope, receive, send)``.

    import dialects

    async def asgi3(scope, receive, send):
        if scope["type"] == "lifespan":
            await dialects.lifespan(receive, send)
        else:
            ...

    ASGI2, consumer, function = dialects.older(asgi3)

Runs inside the cells: the syntax of Python 3.5, and nothing but the standard library.
"""

import asyncio


async def lifespan(receive, send):
    """Answer what a server says of its start and its end; before uvicorn 0.4 the end is called ``cleanup``."""
    while True:
        message = await receive()
        phase = message["type"].split(".")[1]
        await send({"type": "lifespan.%s.complete" % phase})
        if phase != "startup":
            return


def older(asgi3):
    """Return the older dialects of an application: ASGI 2, and the two dialects before ASGI had scopes.

    ``ASGI2`` is a class that is called with the scope. ``consumer(message, channels)`` is a coroutine function, for
    uvicorn 0.0.5 to 0.0.15; ``function(message)`` is for uvicorn before 0.0.5. These two know no WebSocket.
    """

    class ASGI2:
        def __init__(self, scope):
            self.scope = scope

        async def __call__(self, receive, send):
            await asgi3(self.scope, receive, send)

    async def consumer(message, channels=None):
        channels = channels or {"reply": message["reply_channel"], "body": message.get("body")}
        await asgi3(_scope(message), _Body(message, channels.get("body")).receive, _Reply(channels["reply"]).send)

    def function(message):
        request = message.get("message", message.get("content", message))
        body, reply = _Body(request, None), _Reply(message["reply_channel"])
        asyncio.get_event_loop().create_task(asgi3(_scope(request), body.receive, reply.send))

    return ASGI2, consumer, function


def _scope(message):
    names = ("method", "path", "query_string", "headers", "client", "server", "scheme", "http_version", "root_path")
    return dict({name: message[name] for name in names if name in message}, type="http")


class _Body:
    """The body of a request: a channel of parts, or bytes of the message."""

    def __init__(self, message, channel):
        self._whole = message.get("body", b"") if channel is None else b""
        self._channel = channel if hasattr(channel, "receive") else None

    async def receive(self):
        if self._channel is None:
            whole = self._whole if isinstance(self._whole, bytes) else b""
            return {"type": "http.request", "body": whole, "more_body": False}
        part = await self._channel.receive()
        return {"type": "http.request", "body": part["content"], "more_body": part.get("more_content", False)}


class _Reply:
    """An answer: these dialects send the status with the first bytes of the body."""

    def __init__(self, channel):
        self._channel = channel
        self._begun = {}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self._begun = {"status": message["status"], "headers": message.get("headers", [])}
            return
        part = {"content": message.get("body", b""), "more_content": message.get("more_body", False)}
        sent = self._channel.send(dict(self._begun, **part))
        self._begun = {}
        if sent is not None:  # a coroutine from uvicorn 0.0.5 on
            await sent
