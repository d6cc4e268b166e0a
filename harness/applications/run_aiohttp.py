"""Starts aiohttp's web server: run_aiohttp.py APPLICATION ADDRESS [NAME=VALUE …]; the options are the Application's.

The application is an `aiohttp.web.Application`, or an ASGI 3 function, each request of which is answered as a whole.
Runs inside the cells: the syntax of Python 3.5.
"""

import asyncio
import inspect

import bridging
import launching
from aiohttp import web

given = launching.application()


async def handle(request):
    """Answer one request by the ASGI function."""
    headers = [
        [name.lower().encode(), value.encode("utf-8", "surrogateescape")] for name, value in request.headers.items()
    ]
    target = request.raw_path if hasattr(request, "raw_path") else request.path
    if request.query_string and "?" not in target:  # before 2.0
        target += "?" + request.query_string
    asked = bridging.Request(request.method, target, headers, await request.read())
    await asked.answer(given)
    answer = web.Response(status=asked.status, body=asked.body)
    for name, value in asked.headers:
        if name.lower() not in (b"content-length", b"content-type"):
            answer.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return answer


def routed(loop):
    """Return an application that gives every request to the ASGI function."""
    how = launching.options()
    if "loop" in inspect.signature(web.Application.__init__).parameters and not hasattr(web, "AppRunner"):
        how["loop"] = loop  # before 3.0
    application = web.Application(**how)
    for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):  # "*" came with 0.18
        application.router.add_route(method, "/{path:.*}", handle)
    return application


async def serve(loop):
    """Listen, in the way that the release has."""
    application = routed(loop) if inspect.isfunction(given) else given
    if hasattr(web, "AppRunner"):  # from 3.0 on
        runner = web.AppRunner(application)
        await runner.setup()
        place = (
            web.UnixSite(runner, launching.socket())
            if launching.socket()
            else web.TCPSite(runner, *launching.address())
        )
        await place.start()
        return
    if hasattr(application, "startup"):  # from 1.1 on, before the handler is made from 2.3 on
        await application.startup()
    handler = application.make_handler()
    if launching.socket():
        await loop.create_unix_server(handler, launching.socket())
    else:
        await loop.create_server(handler, *launching.address())


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(serve(loop))
loop.run_forever()
