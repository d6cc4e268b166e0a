"""An ASGI application behind servers that have handlers of their own: carries one request, its body read before.

Runs inside the cells: the syntax of Python 3.5, and nothing but the standard library.
"""


class Request:
    """One request on its way through an ASGI application."""

    def __init__(self, method, target, headers, body, client=None):
        path, _, query = target.partition("?")
        self._body = body
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "client": client,
            "server": None,
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
        }
        self.status = None
        self.headers = []
        self.body = b""

    async def answer(self, application):
        """Let an application answer; then ``status``, ``headers`` and ``body`` are the whole answer."""
        await application(self.scope, self._receive, self._send)

    async def _receive(self):
        body, self._body = self._body, b""
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers", [])
        else:
            self.body += message.get("body", b"")
