"""Starts tornado's HTTP server: run_tornado.py APPLICATION ADDRESS [NAME=VALUE …]; the options are HTTPServer's.

The application is a WSGI function, or what tornado itself serves: a `tornado.web.Application` or a callback.
Runs inside the cells: the syntax of Python 3.5.
"""

import inspect

import launching
from tornado import httpserver, ioloop, netutil, wsgi

application = launching.application()
if inspect.isfunction(application) and "start_response" in inspect.getfullargspec(application).args:
    application = wsgi.WSGIContainer(application)
server = httpserver.HTTPServer(application, **launching.options())
if launching.socket():
    server.add_socket(netutil.bind_unix_socket(launching.socket()))
else:
    HOST, PORT = launching.address()
    server.listen(PORT, HOST)
loop = ioloop.IOLoop.current() if hasattr(ioloop.IOLoop, "current") else ioloop.IOLoop.instance()  # current from 3.1 on
loop.start()
