"""What a server in a container may do, and that how it ends is evidence as on the machine itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.evidence import Evidence

from .driving import UBUNTU, Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.xdist_group("containers")
SCENARIOS = Path(__file__).parent / "scenarios"


@pytest.fixture(scope="module")
def trials(engine: object, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Evidence, str, str | None]]:
    """The trial of each variant of the scenario, with its verdict and reason."""
    assert engine
    caller = Caller(folder=tmp_path_factory.mktemp("confined"))
    select = ("confined", "--scenarios", str(SCENARIOS), "--server", "uvicorn==0.33.0", "--python", "3.12")
    found = {}
    for cell in caller.run(*select, "--platform", f"docker:{UBUNTU}"):
        assert cell["evidence"], cell["reason"]
        text = (caller.folder / ".harness" / cell["evidence"] / "trial-1.json").read_bytes()
        found[cell["variant"]] = (msgspec.json.decode(text, type=Evidence), cell["verdict"], cell["reason"])
    return found


def test_server_has_no_privileges_and_reaches_nobody(
    trials: Mapping[str, tuple[Evidence, str, str | None]],
) -> None:
    """It is not root, gains nothing, writes to its temporary folder alone, and has none of the caller's variables."""
    evidence, verdict, _ = trials["plain"]
    exchange = evidence.exchange("told")
    assert verdict == "absent"
    assert exchange is not None
    told = json.loads(exchange.answers[0].body)
    assert told["uid"] != 0
    assert told["capabilities"] == 0
    assert told["no_new_privileges"]
    assert told["written"] == ["/tmp"]  # noqa: S108 - the container's own
    assert told["outside"] is False
    assert {"HOME", "PATH", "PYTHONPATH"} < set(told["variables"])
    assert not {name for name in told["variables"] if name.startswith(("DOCKER", "HARNESS", "UV"))}
    assert evidence.facts["reached by another address"] is False
    assert told["terminal"] is False


def test_console_is_a_terminal(trials: Mapping[str, tuple[Evidence, str, str | None]]) -> None:
    """Where a scenario asks for one."""
    exchange = trials["console"][0].exchange("told")
    assert exchange is not None
    assert json.loads(exchange.answers[0].body)["terminal"] is True


def test_end_for_want_of_memory_is_evidence(trials: Mapping[str, tuple[Evidence, str, str | None]]) -> None:
    """The limit ends the server, not the machine; a missing signature proves nothing then."""
    evidence, verdict, reason = trials["memory"]
    (server,) = evidence.servers
    assert (server.exit_status, server.stopped_by, server.out_of_memory) == (-9, "itself", True)
    assert verdict == "inconclusive"
    assert reason is not None
    assert "out of memory" in reason


def test_signal_and_survivors_are_evidence(trials: Mapping[str, tuple[Evidence, str, str | None]]) -> None:
    """A signal is a negative status, and what outlives the server is counted."""
    (ended,) = trials["ends"][0].servers
    assert (ended.exit_status, ended.stopped_by, ended.out_of_memory) == (-6, "itself", False)
    (left,) = trials["orphan"][0].servers
    assert (left.exit_status, left.stopped_by, left.survivors) == (-15, "SIGTERM", 1)
