"""The first process of a program that the harness starts on Linux: whatever the program starts stays below it.

The first process is a child subreaper (``prctl(2)``): it becomes the parent of every process below it whose parent
dies, whatever the session and the environment of that process. So the system itself says when nothing is left, and
nobody looks through the machine's processes. To end what is left, the first process kills its children until the system
says that it has none; the children of a killed child become its own. Only the first process can reap its children, and
it reaps none between looking at a child and killing it, so the id of a killed process is never another process's.

`harness.processes.nursery.Nursery` runs this module as a file, by ``python -I -S``: one interpreter stands ready and
forks a first process for each program, because the start of an interpreter costs ten times as much as a fork. The
interpreter has one thread, so that no fork copies what another thread holds. Its only argument is the descriptor of a
socket. Each message on that socket holds the descriptors of a first process and one letter for each of them: a socket
of its own, the program's output, the program's input where that is not the null device, and a descriptor that the
program inherits as its fourth where there is one. Over its own socket a first process speaks with
`harness.processes.watched.Watched`:

    order, marshalled: (arguments, environment, working folder), all bytes
    reports: ``started PID FIRST``, FIRST the id of the first process, or ``failed ERRNO``; ``ended STATUS``, of the
             program itself; ``alone COUNT``: nothing is left and COUNT processes were killed; ``stuck PID PID …``:
             these processes cannot be ended
    commands: ``A``: the harness knows of the program's end; ``E``: end everything

The program is not reaped before the harness knows of its end: until then its id is nobody else's, and the harness can
send it signals.

The first process also ends everything when its socket closes, because the harness has died, or on SIGTERM.
"""

from __future__ import annotations

import _thread
import ctypes
import marshal
import os
import signal
import socket
import sys
import time

PATIENCE_S = 10.0  # until a first process reports what cannot be ended
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.005
DEAD = (b"Z", b"X")
if sys.platform == "linux":  # the harness imports this on other systems too
    _LIBC = ctypes.CDLL(None, use_errno=True)
CONTROL, OUTPUT, INPUT, INHERITED = b"C", b"O", b"I", b"H"  # the letters of the descriptors of a first process
_MOST_HANDED = 4
_FOURTH = 3  # the number of the fourth descriptor


class First:
    """The program and everything below it."""

    def __init__(self, control: int, inherited: int | None = None) -> None:
        """Speak over this socket; the program inherits a descriptor."""
        self._control = control
        self._inherited = inherited
        self._reaping = _thread.allocate_lock()
        self._unknown = _thread.allocate_lock()  # held until the end of the program is known
        self._unknown.acquire()
        self._program = 0
        self._killed: set[int] = set()
        self._ending = False

    def start(self, argv: list[bytes], env: dict[bytes, bytes], folder: bytes) -> None:
        """Start the program as the leader of a session; every signal has its default action, see `default_signals`."""
        if _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        failed, fails = os.pipe()  # closed by the program's start
        self._program = os.fork()  # not `posix_spawn`, after which a program may ignore two more signals
        if self._program == 0:
            _become(argv, env, folder, fails, self._inherited)
        os.close(fails)
        if self._inherited is not None:
            os.close(self._inherited)
        if told := os.read(failed, 16):
            raise OSError(int(told), "")
        os.close(failed)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):  # so that the output ends with the program's own descriptors
            os.dup2(null, descriptor)
        self.tell(f"started {self._program} {os.getpid()}")

    def tell(self, line: str) -> bool:
        """Report a line to the harness; return whether the harness is still there."""
        try:
            os.write(self._control, f"{line}\n".encode())
        except OSError:
            return False
        return True

    def reap(self) -> None:
        """Reap each child that ends, until no child is left; then report that and exit."""
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                self.tell(f"alone {len(self._killed)}")
                os._exit(0)
            if found is None:  # which only WNOHANG can bring
                continue
            if found.si_pid == self._program:
                self.tell(f"ended {found.si_status if found.si_code == os.CLD_EXITED else -found.si_status}")
                self._unknown.acquire()
            with self._reaping:
                os.waitpid(found.si_pid, 0)

    def know(self) -> None:
        """Let the ended program be reaped: the harness knows of its end."""
        if self._unknown.locked():
            self._unknown.release()

    def end_in_background(self, *_: object) -> None:
        """End everything, in a new thread: a signal may interrupt this one while it holds a lock."""
        if not self._ending:
            self._ending = True
            _thread.start_new_thread(self._end, ())

    def _end(self) -> None:
        """Kill the children, and the children of these, until `reap` finds that none are left and exits."""
        patience = time.monotonic() + PATIENCE_S
        while True:
            left = self._kill_children()
            if time.monotonic() > patience:
                if not self.tell(f"stuck {' '.join(map(str, left))}"):
                    os._exit(1)  # the harness is gone
                patience += PATIENCE_S
            time.sleep(_POLL_S)

    def _kill_children(self) -> list[int]:
        """Kill all present children, the newest first, before one that replaces itself does so; return those alive."""
        own, left = os.getpid(), []
        for pid in sorted(children(own), reverse=True):
            with self._reaping:
                parent, is_alive = look_at(pid)
                if parent != own:
                    continue
                if is_alive:
                    left.append(pid)
                    self._killed.add(pid)
                try:
                    os.kill(pid, signal.SIGKILL)  # a dead child may have threads that live
                except PermissionError:
                    pass
        return left


def default_signals() -> None:
    """Let each signal do what it does by default, and block none, before this process becomes a program.

    A program inherits what its starter ignores: Python ignores SIGPIPE, a shell has its background jobs ignore SIGINT,
    ``nohup`` ignores SIGHUP. No verdict may depend on how the harness itself was started.
    """
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(argv: list[bytes], env: dict[bytes, bytes], folder: bytes, fails: int, inherited: int | None) -> None:
    """Become the program, or write the error number to ``fails``; does not return."""
    try:
        os.setsid()
        if inherited is not None:
            fails = os.dup(fails) if fails == _FOURTH else fails
            os.dup2(inherited, _FOURTH)
            os.set_inheritable(_FOURTH, True)  # also where the descriptor has that number already
        os.chdir(folder)
        default_signals()
        os.execve(argv[0], argv, env)  # noqa: S606 - running the programs on trial is what the harness is for
    except OSError as error:
        os.write(fails, str(error.errno).encode())
    finally:
        os._exit(127)


def children(of: int) -> set[int]:
    """Return the ids of a process's children; a child that comes or goes meanwhile may be missing."""
    if not os.access("/proc/thread-self/children", os.R_OK):  # a kernel without CONFIG_PROC_CHILDREN
        return {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if look_at(pid)[0] == of}
    found = set[int]()
    try:
        threads = os.listdir(f"/proc/{of}/task")
    except OSError:  # the process has ended
        return found
    for thread in threads:  # a child belongs to the thread that made it, or was given it
        try:
            with open(f"/proc/{of}/task/{thread}/children", "rb") as file:
                found.update(map(int, file.read().split()))
        except OSError:  # the thread has ended, and another one has its children
            continue
    return found


def look_at(pid: int) -> tuple[int, bool]:
    """Return the id of a process's parent, 0 where the process is gone, and whether the process is alive."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except OSError:
        return 0, False
    return int(parent), state not in DEAD


def _carry_out(control: int, inherited: int | None) -> None:
    """Carry out the order that comes over the socket, then the commands, until nothing is left."""
    asked = open(control, "rb", closefd=False)
    first = First(control, inherited)
    try:
        first.start(*marshal.load(asked))
    except OSError as error:
        first.tell(f"failed {error.errno}")
        return
    signal.signal(signal.SIGTERM, first.end_in_background)
    _thread.start_new_thread(first.reap, ())
    while command := asked.read(1):
        if command == b"A":
            first.know()
        else:
            first.end_in_background()
    first.know()
    first.end_in_background()
    while True:
        time.sleep(PATIENCE_S)


def _be_first(given: dict[bytes, int]) -> None:
    """Become a first process, in a session of its own; does not return."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        control, inherited = given.pop(CONTROL), given.pop(INHERITED, None)
        for descriptor, own in enumerate((given.get(INPUT, null), given[OUTPUT], given[OUTPUT])):
            os.dup2(own, descriptor)
        for descriptor in (null, *given.values()):
            os.close(descriptor)
        _carry_out(control, inherited)
    finally:
        os._exit(1)


def _given(asked: socket.socket) -> dict[bytes, int]:
    """Return the descriptors of the next first process by letter; none where no further one will be asked for."""
    letters, ancillary, _, _ = asked.recvmsg(_MOST_HANDED, socket.CMSG_SPACE(4 * _MOST_HANDED), socket.MSG_CMSG_CLOEXEC)
    data = b"".join(part for _, _, part in ancillary)
    numbers = [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data), 4)]
    return {bytes([letter]): number for letter, number in zip(letters, numbers, strict=True)}


def _take_away(*_: object, waits: bool = False) -> None:
    """Reap each first process that has ended; if SIGCHLD were ignored instead, the system would forget their times."""
    try:
        while os.waitpid(-1, 0 if waits else os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main() -> None:
    """Fork a first process for each message, until nobody asks any more and none is left."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    asked.set_inheritable(False)
    signal.signal(signal.SIGCHLD, _take_away)
    while given := _given(asked):
        if os.fork() == 0:
            asked.close()
            _be_first(given)
        for descriptor in given.values():
            os.close(descriptor)
    _take_away(waits=True)


if __name__ == "__main__":
    main()
