"""The first process of a server's container; the image's own Python runs it, so that its syntax is that of 3.6.

This process starts the server, ends with it, and connects the container's published ports to the addresses on which the
server listens. A server that listens on 127.0.0.1 listens on the container's own loopback, which no published port
reaches; with this process in between every scenario runs unchanged.

Standard output carries both output streams of the server. Standard error carries reports to the harness, one line of
JSON each. Standard input carries questions and orders of the harness, one line of JSON each; each is answered by a
report with its number. A process is named in them by its number in this container, so that none of them can reach a
process outside. An address is a pair of a host and a port, or the path of a Unix socket.
"""

import base64
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

CHUNK = 65536
PATIENCE_S = 1.0
ACCEPTED_S = 2.0
INHERITED = 3  # the number of the descriptor that the server inherits
MOST_OF_ARGV = 4096  # bytes
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
answering = set()  # the threads that pass on what the server sends
telling = threading.Lock()


def tell(**said):
    """Send the harness one report."""
    left = (json.dumps(said) + "\n").encode()
    with telling:
        while left:
            left = left[os.write(2, left) :]


def pump(source, target):
    """Pass on bytes until their end, then pass on the end; where one connection breaks, break the other one."""
    try:
        while True:
            data = source.recv(CHUNK)
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
    except OSError:
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def made_for(address):
    """Return a new socket of the kind that an address needs."""
    if isinstance(address, str):
        return socket.socket(socket.AF_UNIX)
    return socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)


def place(address):
    """Return an address as the socket module takes it."""
    return address if isinstance(address, str) else tuple(address)


def connect(client, address):
    """Connect a client to the server, or hang up where nobody listens."""
    server = made_for(address)
    try:
        server.connect(place(address))
    except OSError:
        client.close()
        server.close()
        return
    for one in (client, server):
        if one.family != socket.AF_UNIX:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    there = threading.Thread(target=pump, args=(client, server), daemon=True)
    there.start()
    answering.add(threading.current_thread())
    pump(server, client)
    answering.discard(threading.current_thread())
    there.join()
    client.close()
    server.close()


def published(port):
    """Listen on a published port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(128)
    return listener


def publish(listener, address):
    """Connect every client of a published port to an address of the server."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=connect, args=(client, address), daemon=True).start()


def start_publishing(listener, address):
    threading.Thread(target=publish, args=(listener, address), daemon=True).start()


def check(address):
    """Raise OSError where the container has no such address."""
    if not isinstance(address, str) and ":" in address[0]:
        with made_for(address) as probe:
            probe.bind((address[0], 0))


def inherit(address):
    """Listen on an address, with the descriptor that the server inherits."""
    listener = made_for(address)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(place(address))
    listener.listen(128)
    if listener.fileno() != INHERITED:
        os.dup2(listener.fileno(), INHERITED)
        listener.close()
    else:
        listener.detach()


def send(child, number):
    """Send the server a signal; it may have ended."""
    try:
        os.kill(child.pid, number)
    except ProcessLookupError:
        pass


def stop(child, mark):
    """Ask the server to stop; the mark parts the output that it has written by then from all later output."""
    os.write(1, mark)
    send(child, signal.SIGTERM)


def status_of(child):
    """Wait for the server to end, reap every orphan meanwhile, and return the status, negative for a signal."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child.pid:
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def pass_on_the_last():
    """Wait until all that the server sent is passed on, for a bounded time: a survivor may hold a connection open."""
    end = time.monotonic() + PATIENCE_S
    while answering and time.monotonic() < end:
        time.sleep(0.005)


def fields_of(pid):
    """Return the fields of a process's status after its name; None where the process is dead or gone."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields


def below():
    """Return the living processes below this one: their numbers, with the fields of their status.

    This process becomes the parent of every process of the container that loses its own.
    """
    known = {int(name): fields_of(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found = {os.getpid(): None}
    for _ in known:
        new = {pid: one for pid, one in known.items() if one and pid not in found and int(one[1]) in found}
        if not new:
            break
        found.update(new)
    del found[os.getpid()]
    return found


def began(fields):
    """Return when a process began, in seconds since the machine did."""
    return int(fields[19]) / TICKS


def has_memory(fields):
    """Whether a process still has its memory, which is the first thing that a process lets go of when it ends."""
    return fields is not None and int(fields[20]) > 0


def looked_at(pid, fields):
    """Return what a process uses; None where the process has ended, or ends and has let go of its memory."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            argv = file.read(MOST_OF_ARGV)
        descriptors = len(os.listdir("/proc/%d/fd" % pid))
    except FileNotFoundError:
        return None
    except PermissionError:  # the descriptors of a process that ends are root's
        if has_memory(fields_of(pid)):
            raise
        return None
    if not has_memory(fields):
        return None
    return {
        "pid": pid,
        "parent": int(fields[1]),
        "began": began(fields),
        "argv": [one.decode(errors="backslashreplace") for one in argv.rstrip(b"\0").split(b"\0")] if argv else [],
        "memory": int(fields[21]) * PAGE,
        "descriptors": descriptors,
        "threads": int(fields[17]),
        "processor_s": round((int(fields[11]) + int(fields[12])) / TICKS, 2),
    }


def look(child, asked):
    """Look at all processes of the server, the program first."""
    found = [
        looked_at(pid, fields) for pid, fields in sorted(below().items(), key=lambda one: (one[0] != child.pid, one[0]))
    ]
    return {"processes": [one for one in found if one]}


def listening(child, asked):
    """Find the TCP ports on which the server's processes listen."""
    held = set()
    for pid in below():
        try:
            held.update(os.readlink(one.path) for one in os.scandir("/proc/%d/fd" % pid))
        except FileNotFoundError:
            pass
    found = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(name) as file:
                rows = [line.split() for line in file][1:]
        except FileNotFoundError:
            continue
        found.update(
            int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and "socket:[%s]" % row[9] in held
        )
    return {"ports": sorted(found)}


def pass_on(child, asked):
    """Send a signal to one of the server's processes."""
    if asked["pid"] is None:
        send(child, asked["signal"])
        return {"sent": True}
    fields = fields_of(asked["pid"])
    if fields is None or began(fields) != asked["began"]:
        return {"sent": False}
    if asked["pid"] not in below():
        return {"error": "process %d is not the server's own; no signal is sent to it" % asked["pid"]}
    try:
        os.kill(asked["pid"], asked["signal"])
    except ProcessLookupError:
        return {"sent": False}
    return {"sent": True}


def knock(child, asked):
    """Find out whether the server accepts a connection."""
    try:
        with made_for(asked["address"]) as knocking:
            knocking.settimeout(ACCEPTED_S)
            knocking.connect(place(asked["address"]))
    except OSError:
        return {"accepted": False}
    return {"accepted": True}


def is_socket(path):
    """Whether a file is a Unix socket that lies there."""
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def exists(child, asked):
    """Find out whether the file of a Unix socket is there."""
    return {"exists": is_socket(asked["path"])}


def bridge(child, asked):
    """Connect a further published port to an address of the server."""
    check(asked["address"])
    start_publishing(published(asked["published"]), asked["address"])
    return {"sent": True}


ACTIONS = {
    "look": look,
    "listening": listening,
    "signal": pass_on,
    "knock": knock,
    "exists": exists,
    "bridge": bridge,
}


def asked_lines():
    """Yield what the harness asks; not from `sys.stdin`, whose lock a thread would hold when this process ends."""
    unread = b""
    while True:
        data = os.read(0, CHUNK)
        if not data:
            return
        lines = (unread + data).split(b"\n")
        unread = lines.pop()
        for line in lines:
            yield json.loads(line.decode())


def answer(child):
    """Answer what the harness asks, until it asks no more."""
    for asked in asked_lines():
        try:
            said = ACTIONS[asked["do"]](child, asked)
        except OSError as error:
            said = {"error": "%s: %s" % (asked["do"], error.strerror)}
        tell(answer=asked["number"], **said)


def give(child, data):
    """Write what the server reads from its standard input, then end the file."""
    try:
        with child.stdin as pipe:
            pipe.write(data)
    except OSError:
        pass


def kills_for_memory():
    """Return the number of processes of this container that were killed by its memory limit."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path) as file:
                for line in file:
                    if line.startswith("oom_kill "):
                        return int(line.split()[1])
        except OSError:
            pass
    return 0


def default_signals():
    """Let each signal do what it does by default: a program inherits what its starter ignores."""
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):  # no signal, or one that nobody can ignore
            pass
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def start(order):
    """Start the server, while no other thread runs."""
    terminal = pty.openpty() if order["console"] else ()
    stdin = terminal[1] if terminal else subprocess.DEVNULL
    child = subprocess.Popen(
        order["argv"],
        env=order["env"],
        cwd=order["folder"],
        stdin=stdin if order["stdin"] is None else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=default_signals,
        pass_fds=(INHERITED,) if order["inherits"] else (),
    )
    if order["inherits"]:
        os.close(INHERITED)
    if order["stdin"] is not None:
        threading.Thread(target=give, args=(child, base64.b64decode(order["stdin"])), daemon=True).start()
    return child


def main():
    """Carry out the order, which is the only argument, as JSON."""
    order = json.loads(sys.argv[1])
    try:
        check(order["address"])
        if order["inherits"]:
            inherit(order["address"])
        listener = published(order["published"])
    except OSError as error:
        tell(failed=error.errno, lacks="no address %s (%s)" % (order["address"], error.strerror))
        return
    try:
        child = start(order)
    except OSError as error:
        tell(failed=error.errno, reason=error.strerror)
        return
    signal.signal(signal.SIGTERM, lambda *_: stop(child, order["stop"].encode()))
    signal.signal(signal.SIGUSR1, lambda *_: send(child, signal.SIGKILL))
    tell(started=child.pid)
    start_publishing(listener, order["address"])
    threading.Thread(target=answer, args=(child,), daemon=True).start()
    status = status_of(child)
    left = len(below())
    there = is_socket(order["socket"])
    pass_on_the_last()
    tell(exit_status=status, survivors=left, out_of_memory=kills_for_memory() > 0, exists=there)


main()
