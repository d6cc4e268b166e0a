"""The only way to start a process: with a deadline, an end of the whole tree, bounded capture, a scrubbed environment.

A started program and all that it starts in turn can be ended exactly, see `harness.processes.child`. All of these
processes carry a mark by which the reaper or a later run finds them, see `harness.processes.marks`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from harness.processes import child, listening, pipes, sockets
from harness.processes.capture import Capture
from harness.processes.given import Given
from harness.processes.marks import new_mark

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from harness.model.addresses import Address, SocketAddress, Unix
    from harness.model.observations import Process as ProcessSeen

NOT_FOUND = 127  # the exit status by which a shell says that there is no such program
_CHUNK = 64 * 1024
# Where `ask` runs programs: uv reads a configuration from its working folder, and no other user can leave one here.
_NOBODYS = Path(tempfile.gettempdir()) if sys.platform == "win32" else Path("/")
_LAST_WORDS_S = 2.0
# The variables of the caller that a build may need: to find programs and folders, to reach the index, to compile.
_KEPT_FOR_TOOLS = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
        *("CC", "CXX", "CPP", "LD", "AR", "LDSHARED", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "ARCHFLAGS"),
        *("C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "INCLUDE", "LIB", "LIBPATH", "DISTUTILS_USE_SDK"),
        *("MACOSX_DEPLOYMENT_TARGET", "SDKROOT", "DEVELOPER_DIR", "PKG_CONFIG_PATH", "LD_LIBRARY_PATH"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
        *("PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)"),
        *("USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY"),
        *("PIP_TRUSTED_HOST", "PIP_CACHE_DIR", "PIP_KEYRING_PROVIDER", "DBUS_SESSION_BUS_ADDRESS"),
        *("UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_KEYRING_PROVIDER", "UV_CACHE_DIR"),
        *("UV_CONFIG_FILE", "UV_NO_CONFIG", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_INSECURE_HOST", "UV_OFFLINE"),
        *("UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_REQUEST_TIMEOUT", "UV_CREDENTIALS_DIR", "UV_LINK_MODE"),
        *("UV_PYTHON_INSTALL_DIR", "UV_PYTHON_PREFERENCE", "UV_PYTHON_DOWNLOADS"),
    )
)
_KEPT_FOR_TOOLS_BY_BEGINNING = ("LC_", "XDG_", "UV_INDEX", "UV_CONCURRENT_")  # UV_INDEX_NAME_PASSWORD and its like
_KEPT_FOR_SERVERS = ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR")


def tool_environment(**extra: str) -> dict[str, str]:
    """Return the environment of a build tool: the variables of this process that a build may need, and ``extra``.

    The setup script of a source distribution sees all of them, so no token of the caller is among them. Credentials for
    an index are, where variables of uv or pip hold them: uv needs them.
    """
    kept = {name: value for name, value in os.environ.items() if _is_for_tools(name.upper())}
    return {**kept, **extra}


def _is_for_tools(name: str) -> bool:
    return name in _KEPT_FOR_TOOLS or name.startswith(_KEPT_FOR_TOOLS_BY_BEGINNING)


def server_environment(folder: Path, search: Sequence[Path]) -> dict[str, str]:
    """Return the whole environment of a server: no variables of the caller but those of the system's own folders.

    Args:
        folder: home, temporary folder and application folder of the server.
        search: folders for ``PATH``, before the system's.

    """
    system = [] if sys.platform == "win32" else ["/usr/local/bin", "/usr/bin", "/bin"]
    kept = {key: value for key, value in os.environ.items() if key.upper() in _KEPT_FOR_SERVERS}
    return {
        **kept,
        "PATH": os.pathsep.join([*map(str, search), *system]),
        "HOME": str(folder),
        "USERPROFILE": str(folder),
        "TMPDIR": str(folder),
        "TEMP": str(folder),
        "TMP": str(folder),
        "PYTHONPATH": str(folder),  # where the application lies; not every program looks in its working folder
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Completed:
    """A command that has ended: its exit status, None where its deadline passed, and what it printed."""

    exit_status: int | None
    output: str

    def last_lines(self, count: int = 6) -> str:
        """Return the last ``count`` lines that are not blank, joined into one."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return " | ".join(lines[-count:])


class Process:
    """A started program in a session of its own, with its output captured."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        mark: str,
        console: bool = False,
        stdin: bytes | None = None,
        inherited: socket.socket | None = None,
        variables: Mapping[str, str] | None = None,
        services: Sequence[Process] = (),
    ) -> None:
        """Start the program.

        Args:
            argv: program and arguments; the program as a path.
            env: its whole environment, to which the mark is added.
            cwd: its working folder, in which its Unix sockets lie too.
            mark: the mark by which its descendants are found; no program that somebody else ends may carry it.
            console: give it a terminal as standard input (POSIX only; on Windows every program has a console).
            stdin: what the program reads from its standard input until the end of the file; None: from the null device.
            inherited: a listening socket that the program inherits, see `child.inherited_number`.
            variables: further environment variables, which the scenario set.
            services: processes started before it, for it alone; they end with it, also where it cannot be started.

        Raises:
            OSError: the program cannot be started.
            HarnessError: the process that is to watch over the program cannot be started.

        """
        self._console = os.openpty() if console and sys.platform != "win32" else ()
        self.argv = tuple(argv)
        self.mark = mark
        self._services = tuple(services)
        self.capture = Capture()
        self.out_of_memory = False  # it has no memory limit of its own: short of the machine's, it gets SIGKILL
        self.variables = dict(variables or {})
        self._folder = cwd
        given = Given(stdin) if stdin is not None else None
        try:
            self._child = child.start(
                self.argv,
                env={**env, **self.variables},
                cwd=cwd,
                mark=mark,
                stdin=given.reading if given else self._console[1] if self._console else subprocess.DEVNULL,
                inherited=inherited.fileno() if inherited else None,
            )
        except BaseException:
            self._close_console()
            for service in self._services:
                service.end()
                service.close()
            raise
        finally:
            if given:
                given.close()
        self._pipe = pipes.Pipe(self._child.output)
        self._taking = threading.Lock()  # held while bytes are on their way from the pipe to the capture
        self._reader = threading.Thread(target=self._read, name=f"output of {self.pid}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Capture the output until its end; the pipe stays open as long as any descendant holds it."""
        with contextlib.suppress(OSError, ValueError):
            while self._pipe.wait():
                with self._taking:
                    if (data := self._pipe.read(_CHUNK)) == b"":
                        return
                    self.capture.add(data or b"")

    def take(self) -> None:
        """Capture all that the program has written by now: what lies in the pipe, at most what a pipe can hold."""
        with self._taking, contextlib.suppress(OSError, ValueError):
            taken = 0
            while taken < pipes.MOST and (data := self._pipe.read(_CHUNK)):
                taken += len(data)
                self.capture.add(data)

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """The program's exit status, negative for a signal; None while it runs."""
        return self._child.exit_status

    def wait(self, deadline_s: float) -> int | None:
        """Wait at most ``deadline_s`` seconds for the program's end; return its exit status, None while it runs."""
        return self._child.wait(deadline_s)

    def signal(self, number: int) -> None:
        """Send the program itself a signal; do nothing where it has ended."""
        self._child.signal(number)

    def processes(self) -> tuple[ProcessSeen, ...]:
        """See `harness.processes.started.Started`."""
        return self._child.processes()

    def signal_process(self, process: ProcessSeen, number: int) -> bool:
        """See `harness.processes.started.Started`."""
        return self._child.signal_process(process, number)

    def listening(self) -> tuple[int, ...]:
        """See `harness.processes.started.Started`."""
        return listening.ports_of(one.pid for one in self.processes())

    def socket_exists(self, socket: Unix) -> bool:
        """See `harness.processes.started.Started`."""
        return Path(sockets.path_in(self._folder, socket)).is_socket()

    def reach(self, address: Address) -> SocketAddress:
        """See `harness.processes.started.Started`."""
        return sockets.on_machine(address, self._folder)

    def accepts(self, address: Address) -> bool:
        """See `harness.processes.started.Started`."""
        return sockets.accepts(self.reach(address))

    def stop(self, grace_s: float) -> str:
        """See `harness.processes.started.Started`. Descendants are left to `end`."""
        if self.exit_status is not None:
            return "itself"
        self.take()
        self.capture.split()
        if grace_s > 0 and self._child.ask_to_end() and self.wait(grace_s) is not None:
            return "SIGTERM"
        self._child.kill()
        return "SIGKILL"

    def end(self) -> int:
        """End all that is left of the program, at once and from any thread; return how many processes that were.

        Raises:
            LeftRunningError: some of them cannot be ended.

        """
        return self._child.end() + sum(service.end() for service in self._services)

    def close(self) -> None:
        """Capture the rest of the output and close what is held; call it when all descendants have ended."""
        self._reader.join(timeout=_LAST_WORDS_S)
        self.take()  # a stranger who holds the pipe keeps the reader waiting
        self._close_console()
        self._child.close()
        for service in self._services:
            service.close()

    def _close_console(self) -> None:
        for descriptor in self._console:
            os.close(descriptor)


def run(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, mark: str, deadline_s: float) -> Completed:
    """Run a command to its end, or to its deadline, and end everything that it started."""
    process = Process(argv, env=env, cwd=cwd, mark=f"{mark}/{new_mark()}")
    try:
        exit_status = process.wait(deadline_s)
    finally:
        try:
            process.stop(grace_s=0)
            process.end()
        finally:
            process.close()
    return Completed(exit_status=exit_status, output=process.capture.text)


def ask(argv: Sequence[str], *, deadline_s: float) -> Completed:
    """Run a short command that answers a question about this machine."""
    return run(argv, env=tool_environment(), cwd=_NOBODYS, mark=new_mark(), deadline_s=deadline_s)


def start_watching(argv: Sequence[str], *, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a program, unmarked and in its own session, whose standard input closes when this process ends.

    Nothing that is started later inherits the other end of that pipe.
    """
    return subprocess.Popen(  # noqa: S603 - the reaper
        argv,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
