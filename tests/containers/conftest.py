"""Containers on a real engine: skipped, with the reason, where none answers or an image is not there.

The images are made by ``.ci/image``; ``DOCKER_HOST`` says which engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.containers.engine import address, connect
from harness.errors import EngineError

from .driving import DEBIAN, UBUNTU, Caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.containers.engine import Engine

collect_ignore = ["scenarios"]  # run by the tests, not as tests


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine, with the images of both distributions."""
    try:
        found = connect(address())
    except EngineError as error:
        pytest.skip(str(error))
    if missing := [name for name in (DEBIAN, UBUNTU) if found.known_image(name) is None]:
        pytest.skip(f"no image {' and '.join(missing)}; '.ci/image {' '.join(missing)}' makes it")
    return found


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    """A caller with a results folder of their own."""
    return Caller(folder=tmp_path)


@pytest.fixture
def left(engine: Engine) -> Callable[..., list[str]]:
    """Return a function that names what is on the engine with a label."""

    def names(label: str = "harness.run") -> list[str]:
        chosen = {"label": label}
        rows = [
            *engine.api.containers(all=True, filters=chosen),
            *engine.api.networks(filters=chosen),
            *(engine.api.volumes(filters=chosen)["Volumes"] or ()),
        ]
        return [row.get("Name") or row["Names"][0].lstrip("/") for row in rows]

    return names
