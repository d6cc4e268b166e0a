"""Measures the processor time that the harness itself costs for each cell, beside that of the cell's server.

    python -m benchmarks.own_cost [CELLS] [IDLE …]

Each cell starts a server, asks it once and stops it. The same cells run beside each number IDLE of idle processes, in
turn. A call of one cell is subtracted, so that no start of the program is in the figures. The server itself reports how
much it used; everything else that the call and its children used is the harness's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.minimatrix.driving import PYTHON, User
from tests.minimatrix.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = 200
IDLE = (100, 1000)
SCENARIO = """
import os
from harness import Check, Heard, Scenario, Variant, conclude

def observe(trial):
    arguments = ("own_cost_server.py", "{port}", os.environ["OWN_COST"])
    with trial.server("server", "python", *arguments) as server:
        server.get("/", name="hello")

def judge(evidence):
    answered = Check(name="it answers", expected=True, actual=bool(evidence.heard("hello")))
    hello = Check(name="hello", expected=Heard.of((200, b"hello")), actual=evidence.heard("hello"))
    return conclude(signature=None, controls=[answered], requirement=hello)

SCENARIO = Scenario(id="own-cost", title="a server is asked once", subject="toyserver", observe=observe, judge=judge,
                    variants=tuple(Variant(name=f"v{number}") for number in range(%d)), typical_s=0.1,
                    applications=("own_cost_server.py",))
"""
# Answers every connection alike, and writes at its end what it has used: all but what the system uses to remove it.
SERVER = """
import os, resource, signal, socket, sys

def end(number, frame):
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open(sys.argv[2], "a") as file:
        file.write("%.6f\\n" % (used.ru_utime + used.ru_stime))
    os._exit(0)

signal.signal(signal.SIGTERM, end)
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listening.accept()
    with connection:
        if connection.recv(65536):
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
"""
MATRIX = f"""
[[cells]]
scenarios = ["own-cost"]
releases = ["==1.1"]
pythons = ["{PYTHON}"]
platforms = ["linux"]
"""
# Calls the harness from inside, so that its own processor time is kept apart from that of its children.
CALL = """
import json, resource, sys
from harness.cli import main
try:
    sys.exit(main(sys.argv[2:]))
finally:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with open(sys.argv[1], "w") as file:
        json.dump([one.ru_utime + one.ru_stime for one in used], file)
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Used:
    """Processor seconds: of the harness's own process, of all that it started, and of the servers among that."""

    own: float
    children: float
    servers: float

    def __sub__(self, other: Self) -> Used:
        """Return what one call used more than another."""
        return Used(
            own=self.own - other.own, children=self.children - other.children, servers=self.servers - other.servers
        )


def write_scenario(folder: Path, cells: int) -> None:
    """Write a scenario with a given number of cells, its server, and the matrix of the cells."""
    folder.mkdir()
    (folder / "own_cost.py").write_text(SCENARIO % cells)
    (folder / "own_cost_server.py").write_text(SERVER)
    (folder / "own_cost.toml").write_text(MATRIX)


def call(user: User, scenario: Path) -> Used:
    """Run all cells of a scenario anew and return what the call used.

    Raises:
        subprocess.CalledProcessError: a cell is not judged as it should be.

    """
    told, servers = user.folder / "used.json", user.folder / "servers"
    servers.write_text("")
    selection = ["--matrix", str(scenario / "own_cost.toml"), "--scenarios", str(scenario)]
    subprocess.run(  # noqa: S603 - the program that is measured
        [
            sys.executable,
            "-c",
            CALL,
            str(told),
            "run",
            "own-cost",
            "--absent",
            "--rerun",
            "--format",
            "json",
            *selection,
        ],
        env={**user.environment(), "OWN_COST": str(servers)},
        cwd=user.folder,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    own, children = json.loads(told.read_text())
    return Used(own=own, children=children, servers=sum(map(float, servers.read_text().split())))


@contextlib.contextmanager
def idle_processes(count: int) -> Iterator[None]:
    """Keep a number of processes that wait for a pipe to close: they end with this process, however it ends."""
    heard, held = os.pipe()
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            process = subprocess.Popen(["cat"], stdin=heard, stdout=subprocess.DEVNULL)  # noqa: S607
            started.append(process)
        yield
    finally:
        os.close(held)
        os.close(heard)
        for process in started:
            process.wait()


def main() -> None:
    """Measure and print."""
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else CELLS
    numbers = tuple(map(int, sys.argv[2:])) or IDLE
    with tempfile.TemporaryDirectory() as name, Index() as index:
        folder = Path(name)
        user = User(folder=folder / "user", cache=folder / "cache", index=index.url)
        many, one = folder / "many", folder / "one"
        write_scenario(many, cells + 1)
        write_scenario(one, 1)
        call(user, one)  # builds the environment
        print(f"{cells} cells; milliseconds of processor time for each, load {os.getloadavg()[0]:.1f}")
        print("idle processes   harness   its own process   what it starts   the server")
        for number in numbers:
            with idle_processes(number):
                used = call(user, many) - call(user, one)
            each = [1000 * part / cells for part in (used.own, used.children - used.servers, used.servers)]
            print(f"{number:14}{each[0] + each[1]:10.1f}{each[0]:18.1f}{each[1]:17.1f}{each[2]:13.1f}", flush=True)


if __name__ == "__main__":
    main()
