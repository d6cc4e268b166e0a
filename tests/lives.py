"""What the evidence of the scenario in `tests/minimatrix/life` shows, wherever its servers ran."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec

from harness.model.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

SCENARIOS = Path(__file__).parent / "minimatrix" / "life"


def lives_in(results: Path) -> Mapping[str, Evidence]:
    """Return the trial of each variant from a folder of results."""
    found = [msgspec.json.decode(path.read_bytes(), type=Evidence) for path in results.rglob("trial-1.json")]
    return {one.variant: one for one in found}


class Lives:
    """Tests of the fixture ``life``: the trial of each variant."""

    not_listening: ClassVar[str] = "then refused"

    def test_nothing_failed(self, life: Mapping[str, Evidence]) -> None:
        """Neither the harness nor an observation."""
        assert {name: one.error for name, one in life.items() if one.error} == {}
        assert len(life) == 10

    def test_ends_are_awaited(self, life: Mapping[str, Evidence]) -> None:
        """With status and words; an end that does not come is an observation too."""
        evidence = life["ends"]
        names = ("ended with three", "still there", "ended by us")
        assert [evidence.said(name) for name in names] == ["exit 3", "still running", "ended by SIGTERM"]
        assert evidence.facts["returned"] == "3"
        assert [one.waited_s < 60 for one in evidence.exits] == [True] * 3
        first = evidence.server("three")
        assert first is not None
        assert (first.awaited, first.ready_s, first.stopped_by) == (None, None, "itself")

    def test_the_scenario_s_own_kill_is_nobody_else_s(self, life: Mapping[str, Evidence]) -> None:
        """No stranger is blamed."""
        record = life["kills"].server("killed")
        assert record is not None
        assert (record.exit_status, record.signals, record.was_killed) == (-9, (signal.SIGKILL,), False)

    def test_programs_are_run_to_their_ends(self, life: Mapping[str, Evidence]) -> None:
        """With what they read; one that does not end is killed, and the record says so."""
        evidence = life["runs"]
        data = bytes(range(256)) * 256
        assert evidence.said("short") == "exit 4"
        assert evidence.said("read") == f"{len(data)} {hashlib.sha256(data).hexdigest()}"
        endless = evidence.server("endless")
        assert endless is not None
        assert (endless.stopped_by, endless.exit_status) == ("SIGKILL", -9)

    def test_variables_and_edits_are_what_the_server_sees(self, life: Mapping[str, Evidence]) -> None:
        """With placeholders filled in; the evidence has the variables."""
        evidence = life["sets"]
        port = evidence.facts["port"]
        assert evidence.said("variable") == f"200 {f'at port {port}'.encode()!r}"
        record = evidence.server("set")
        assert record is not None
        assert record.variables == {"LIFE": f"at port {port}"}
        assert [evidence.said(name) for name in ("before", "after")] == [
            "200 b'TEXT = \"old\"\\n'",
            "200 b'TEXT = \"new\"\\n'",
        ]
        assert (evidence.said("held"), evidence.said("did not hold")) == ("True", "False")

    def test_a_server_is_ready_in_each_way(self, life: Mapping[str, Evidence]) -> None:
        """And one that never is says so."""
        evidence = life["waits"]
        awaited = {one.name: (one.awaited, one.ready_s is not None) for one in evidence.servers}
        assert awaited == {
            "log": ("log", True),
            "tcp": ("connection", True),
            "path": ("answer", True),
            "none": (None, False),
            "never": ("connection", False),
        }
        assert [evidence.said(f"{name}: hello") for name in ("tcp", "path")] == ["200 b'hello'"] * 2
        assert evidence.said("never") == "never"

    def test_a_family_is_looked_at(self, life: Mapping[str, Evidence]) -> None:
        """All of it, also the orphan; and a child that the scenario killed is known to be."""
        evidence = life["counts"]
        facts = evidence.facts
        assert (facts["workers"], facts["orphans"]) == (2, 1)
        assert (facts["listening"], facts["ports"]) == ("1", 2)
        before, after = evidence.look("family before"), evidence.look("family after")
        assert before is not None
        assert after is not None
        assert [before.total.count, after.total.count] == [4, 3]
        assert all(one.memory > 0 and one.descriptors > 2 and one.threads > 0 for one in before.processes)
        program = before.processes[0]
        assert [one.parent == program.pid for one in before.processes[1:]].count(True) == 2
        assert (facts["sent"], facts["sent again"]) == (True, False)
        (record,) = evidence.servers
        assert [(one.number, one.pid) for one in record.signals_to_children] == [(9, facts["victim"])]
        assert (record.signals, record.survivors, record.was_killed) == ((), 2, False)
        assert evidence.said("hello") == "200 b'hello'"
        assert evidence.said("family before").startswith("4 processes, ")

    def test_sockets_and_descriptors_are_reached(self, life: Mapping[str, Evidence]) -> None:
        """Each at the address that the scenario named."""
        names = ("socket", "named", "descriptor", "descriptor of a socket")
        assert [life["listens"].said(f"{name}: hello") for name in names] == ["200 b'hello'"] * 4
        paths = [one.argv[-1].rpartition("/")[2] for one in life["listens"].servers]
        assert paths == ["socket", "other", "3", "3", "removed", "left"]

    def test_the_file_of_a_socket_is_seen_where_it_was_left(self, life: Mapping[str, Evidence]) -> None:
        """Also when the program has ended, and with it the container."""
        facts = life["listens"].facts
        assert [facts[f"{name}: before"] for name in ("removed", "left")] == [True, True]
        assert [facts[f"{name}: after"] for name in ("removed", "left")] == [False, True]
        assert life["listens"].said("left: end") == "ended by SIGKILL"

    def test_ipv6_is_reached(self, life: Mapping[str, Evidence]) -> None:
        """And IPv4 of the same port is not the server's."""
        assert life["sixth"].said("hello") == "200 b'hello'"
        assert life["sixth"].said("by IPv4") == self.not_listening

    def test_a_port_is_had_again(self, life: Mapping[str, Evidence]) -> None:
        """By the next server of the trial."""
        assert life["again"].facts == {"same port": True, "further": True}
        assert life["again"].said("hello") == "200 b'hello'"

    def test_a_signal_reaches_nobody_else(self, life: Mapping[str, Evidence]) -> None:
        """Neither a process of this machine, whatever its number is in a container, nor one of another server."""
        facts = life["strangers"].facts
        assert (facts["stranger runs"], facts["another server's runs"]) == (True, True)
        assert {facts["stranger"], facts["another server's"]} <= {"refused", False}
        assert [one.signals_to_children for one in life["strangers"].servers] == [(), ()]
