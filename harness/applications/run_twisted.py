"""Starts twisted's web server: run_twisted.py APPLICATION ADDRESS [NAME=VALUE …]; the options are Site's.

The application is a WSGI function, or a resource of twisted.web.
Runs inside the cells: the syntax of Python 3.5.
"""

import sys

import launching
from twisted.internet import reactor
from twisted.python import log
from twisted.web import server

log.startLogging(sys.stderr)
application = launching.application()
if not hasattr(application, "render"):
    from twisted.web.wsgi import WSGIResource

    pool = reactor.getThreadPool()
    application = WSGIResource(reactor, pool, application)
site = server.Site(application, **launching.options())
if launching.socket():
    reactor.listenUNIX(launching.socket(), site)
else:
    HOST, PORT = launching.address()
    reactor.listenTCP(PORT, site, interface=HOST)
reactor.run()
