"""life: every verb about a server's life, one variant each; the harness's own test, whose tests read the evidence."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from harness import Check, Evidence, Judgement, Log, NotReadyError, Scenario, Tcp, Unix, Variant, conclude
from harness.errors import HarnessError
from harness.processes import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Trial

APPLICATION = "life_application.py"
HELLO = "hello"
PATIENCE_S = 60.0


def ends(trial: Trial) -> None:
    """Await two ends, one of them in vain."""
    with trial.server("three", "python", APPLICATION, "exit", "3", ready=None) as server:
        trial.record("returned", str(server.exit("ended with three", PATIENCE_S)))
    with trial.server("serving", "python", APPLICATION, "tcp", "{port}", ready_s=PATIENCE_S) as server:
        server.exit("still there", 0.2)
        server.signal(signal.SIGTERM)
        server.exit("ended by us", PATIENCE_S)


def kills(trial: Trial) -> None:
    """Kill the program."""
    with trial.server("killed", "python", APPLICATION, "tcp", "{port}", ready_s=PATIENCE_S) as server:
        server.signal(signal.SIGKILL)
        server.exit("killed by us", PATIENCE_S)


def runs(trial: Trial) -> None:
    """Run programs to their ends."""
    trial.run("short", "python", APPLICATION, "exit", "4", deadline_s=PATIENCE_S)
    data = bytes(range(256)) * 256
    record = trial.run("reader", "python", APPLICATION, "read", deadline_s=PATIENCE_S, stdin=data)
    trial.record("read", record.log.strip())
    trial.run("endless", "python", APPLICATION, "sleep", deadline_s=1.0)


def sets(trial: Trial) -> None:
    """Set a variable, edit a file, await conditions."""
    variables = {"LIFE": "at port {port}"}
    with trial.server("set", "python", APPLICATION, "tcp", "{port}", env=variables, ready_s=PATIENCE_S) as server:
        server.get("/env", name="variable")
        trial.record("port", server.port)
        server.get("/file", name="before")
        trial.edit("life_text.txt", "old", "new")
        server.get("/file", name="after")
        trial.record("held", trial.until(lambda: server.lines_with("serving") == 1, PATIENCE_S))
        trial.record("did not hold", trial.until(lambda: False, 0.2, every_s=0.05))


def waits(trial: Trial) -> None:
    """Wait for a server in each way, once in vain."""
    for name, ready in (("log", Log("about to")), ("tcp", Tcp()), ("path", "/"), ("none", None)):
        with trial.server(name, "python", APPLICATION, "slow", "{port}", ready=ready, ready_s=PATIENCE_S) as server:
            if name in {"tcp", "path"}:
                server.get("/", name=f"{name}: {HELLO}")
    try:
        with trial.server("never", "python", APPLICATION, "sleep", ready=Tcp(), ready_s=0.3):
            pass
    except NotReadyError as error:
        trial.record("never", str(error))


def counts(trial: Trial) -> None:
    """Look at a family of processes, and send one of them a signal."""
    with trial.server("family", "python", APPLICATION, "family", "{port}", ready_s=PATIENCE_S) as server:
        trial.until(lambda: len(server.children("sleep")) == 3, PATIENCE_S)
        trial.record("workers", len(server.children("sleep", "worker")))
        trial.record("orphans", len(server.children("orphan")))
        server.look("family before")
        trial.record("listening", str([port == server.port for port in server.listening()].count(True)))
        trial.record("ports", len(server.listening()))
        victim = server.children("worker 1")[0]
        trial.record("victim", victim.pid)
        trial.record("sent", server.signal(signal.SIGKILL, to=victim))
        trial.until(lambda: not server.children("worker 1"), PATIENCE_S)
        trial.record("sent again", server.signal(signal.SIGKILL, to=victim))
        server.look("family after")
        server.get("/", name=HELLO)


def listens(trial: Trial) -> None:
    """Reach a server over a Unix socket and over a descriptor that it inherits."""
    for name, mode, place, at in (
        ("socket", "unix", "{socket}", Unix()),
        ("named", "unix", "{socket}", Unix(name="other")),
        ("descriptor", "fd", "{fd}", Tcp()),
        ("descriptor of a socket", "fd", "{fd}", Unix()),
    ):
        with trial.server(name, "python", APPLICATION, mode, place, at=at, ready_s=PATIENCE_S) as server:
            server.get("/", name=f"{name}: {HELLO}")
    for name, number in (("removed", signal.SIGTERM), ("left", signal.SIGKILL)):
        at = Unix(name=name)
        with trial.server(name, "python", APPLICATION, "unix", "{socket}", at=at, ready_s=PATIENCE_S) as server:
            trial.record(f"{name}: before", server.socket_exists())
            server.signal(number)
            server.exit(f"{name}: end", PATIENCE_S)
            trial.record(f"{name}: after", server.socket_exists())


def sixth(trial: Trial) -> None:
    """Reach a server by IPv6."""
    at = Tcp(host="::1")
    with trial.server("ipv6", "python", APPLICATION, "tcp6", "{port}", at=at, ready_s=PATIENCE_S) as server:
        server.get("/", name=HELLO)
        server.get("/", name="by IPv4", at=Tcp())


def again(trial: Trial) -> None:
    """Start a server on the port of an earlier one, and reach it at a further address."""
    with trial.server("first", "python", APPLICATION, "tcp", "{port}", ready_s=PATIENCE_S) as first:
        pass
    at, family = first.port, (APPLICATION, "family", "{port}")
    with trial.server("second", "python", *family, port=at, ready_s=PATIENCE_S) as second:
        trial.record("same port", first.port == second.port)
        (extra,) = (line.split()[1] for line in second.log.splitlines() if line.startswith("extra"))
        with second.connect("further", at=Tcp(port=int(extra))) as connection:
            trial.record("further", connection.is_open)
        second.get("/", name=HELLO)


def strangers(trial: Trial) -> None:
    """Try to kill a process of this machine, and one of another server, which are not the server's own."""
    with (
        subprocess.Popen(["/bin/sleep", "60"]) as stranger,
        trial.server("one", "python", APPLICATION, "tcp", "{port}", ready_s=PATIENCE_S) as one,
        trial.server("other", "python", APPLICATION, "family", "{port}", ready_s=PATIENCE_S) as other,
    ):
        theirs = other.children("worker 1")[0]
        here = tree.look(stranger.pid)
        assert here is not None
        for name, process in (("stranger", here), ("another server's", theirs)):
            try:
                trial.record(name, one.signal(signal.SIGKILL, to=process))
            except HarnessError:
                trial.record(name, "refused")
        trial.record("stranger runs", stranger.poll() is None)
        trial.record("another server's runs", len(other.children("worker 1")) == 1)
        stranger.kill()


VERBS: dict[str, Callable[[Trial], None]] = {
    "ends": ends,
    "kills": kills,
    "runs": runs,
    "sets": sets,
    "waits": waits,
    "counts": counts,
    "listens": listens,
    "sixth": sixth,
    "again": again,
    "strangers": strangers,
}


def observe(trial: Trial) -> None:
    """Do what the variant says."""
    VERBS[trial.variant](trial)


def judge(evidence: Evidence) -> Judgement:
    """Demand that something was started; the tests read the evidence themselves."""
    started = Check(name="something was started", expected=True, actual=bool(evidence.servers))
    return conclude(
        signature=None,
        controls=[started],
        requirement=Check(name="something was ended", expected=True, actual=bool(evidence.servers)),
    )


SCENARIO = Scenario(
    id="life",
    title="a server's life",
    subject=os.environ.get("LIFE_SUBJECT", "toyserver"),
    variants=tuple(Variant(name=name) for name in VERBS),
    applications=(APPLICATION, "life_text.txt"),
    observe=observe,
    judge=judge,
    typical_s=2.0,
    deadline_s=200.0,
)
