"""The first process of a server's container; the image's own Python runs it, so that its syntax is that of 3.6.

This process starts the server, ends with it, and connects the container's published port to the server's port. A server
that listens on 127.0.0.1 listens on the container's own loopback, which no published port reaches; with this process in
between every scenario runs unchanged.

Standard output carries both output streams of the server. Standard error carries reports to the harness, one line of
JSON each.
"""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time

LOOPBACK = "127.0.0.1"
CHUNK = 65536
PATIENCE_S = 1.0
answering = set()  # the threads that pass on what the server sends


def tell(**said):
    """Send the harness one report."""
    os.write(2, (json.dumps(said) + "\n").encode())


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


def connect(client, port):
    """Connect a client to the server, or hang up where nobody listens."""
    try:
        server = socket.create_connection((LOOPBACK, port))
    except OSError:
        client.close()
        return
    for one in (client, server):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    there = threading.Thread(target=pump, args=(client, server), daemon=True)
    there.start()
    answering.add(threading.current_thread())
    pump(server, client)
    answering.discard(threading.current_thread())
    there.join()
    client.close()
    server.close()


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


def publish(listener, port):
    """Connect every client of the published port to the server."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=connect, args=(client, port), daemon=True).start()


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


def survivors():
    """Count the processes of the container that still run, without this one."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open("/proc/%s/stat" % name) as file:
                    count += file.read().rsplit(")", 1)[1].split()[0] != "Z"
            except OSError:
                pass
    return count


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


def main():
    """Carry out the order, which is the only argument, as JSON."""
    order = json.loads(sys.argv[1])
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", order["published"]))
    listener.listen(128)
    terminal = pty.openpty() if order["console"] else ()
    try:
        child = subprocess.Popen(
            order["argv"],
            env=order["env"],
            cwd=order["folder"],
            stdin=terminal[1] if terminal else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        tell(failed=error.errno, reason=error.strerror)
        return
    signal.signal(signal.SIGTERM, lambda *_: stop(child, order["stop"].encode()))
    signal.signal(signal.SIGUSR1, lambda *_: send(child, signal.SIGKILL))
    for number in range(1, signal.SIGRTMAX - signal.SIGRTMIN + 1):  # one real-time signal for each signal to pass on
        signal.signal(signal.SIGRTMIN + number, lambda told, _: send(child, told - signal.SIGRTMIN))
    tell(started=child.pid)
    threading.Thread(target=publish, args=(listener, order["port"]), daemon=True).start()
    status = status_of(child)
    left = survivors()
    pass_on_the_last()
    tell(exit_status=status, survivors=left, out_of_memory=kills_for_memory() > 0)


main()
