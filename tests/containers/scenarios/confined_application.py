import json
import os
import signal
import socket
import subprocess
import sys


def told():
    with open("/proc/self/status") as file:
        status = dict(line.split(":", 1) for line in file)
    written = []
    for folder in ("/", os.getcwd(), "/opt/harness/environment", "/etc", "/tmp"):
        try:
            with open(os.path.join(folder, "written"), "w"):
                written.append(folder)
        except OSError:
            pass
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=2).close()
        outside = True
    except OSError:
        outside = False
    return {
        "uid": os.getuid(),
        "capabilities": int(status["CapEff"].strip(), 16) | int(status["CapBnd"].strip(), 16),
        "no_new_privileges": status["NoNewPrivs"].strip() == "1",
        "written": written,
        "outside": outside,
        "variables": sorted(os.environ),
        "terminal": os.isatty(0),
        "pid": os.getpid(),
    }


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/memory":
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1024 * 1024) * 16))
    if scope["path"] == "/ends":
        os.kill(os.getpid(), signal.SIGABRT)
    if scope["path"] == "/orphan":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    body = json.dumps(told()).encode() if scope["path"] == "/told" else b"ok"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
