"""A server's whole life in a container: as on the machine itself, and no signal leaves the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lives import SCENARIOS, Lives, lives_in

from .driving import DEBIAN, Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.evidence import Evidence

pytestmark = pytest.mark.xdist_group("containers")


@pytest.fixture(scope="module")
def life(engine: object, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Evidence]:
    """The trial of each variant."""
    assert engine
    caller = Caller(folder=tmp_path_factory.mktemp("life"))
    chosen = ("--scenarios", str(SCENARIOS), "--server", "uvicorn==0.33.0", "--python", "3.11")
    done = caller.call("run", "life", *chosen, "--platform", f"docker:{DEBIAN}", LIFE_SUBJECT="uvicorn")
    assert done.returncode == 0, done.stderr
    return lives_in(caller.folder / ".harness")


class TestLife(Lives):
    """In a container, whose published port is connected also where the server does not listen."""

    not_listening = "then closed by server"
