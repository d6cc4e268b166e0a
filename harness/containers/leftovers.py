"""Containers, networks and volumes that runs left on the engine, found by their labels; images stay, as caches."""

from __future__ import annotations

import contextlib
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.containers.engine import FOLDER, MACHINE, RUN, USER, Engine, address, connect, user
from harness.processes.marks import is_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """A container, network or volume on the engine that carries a run's label; ``kind`` is one of these words."""

    kind: str
    id: str
    name: str
    labels: dict[str, str]


def remove_of_run(mark: str, *, where: str) -> tuple[str, ...]:
    """Remove all that one run made on the engine at an address; return the kind and name of each thing removed.

    Raises:
        EngineError: the engine does not answer.

    """
    engine = connect(where)
    return _remove(engine, _labelled(engine, f"{RUN}={mark}"))


def remove_of_the_dead(is_owned: Callable[[Path], bool]) -> tuple[str, ...]:
    """Remove what ended runs of this user and machine left; return the kind and name of each thing removed.

    Other users of the engine may set any label: a thing is passed over unless its labels are complete and name this
    user, this machine, and a folder that belongs to the mark.

    Args:
        is_owned: whether the run with this folder lives.

    Raises:
        EngineError: there is no engine, or it refuses.

    """
    engine = connect(address())
    own = [one for one in _labelled(engine, RUN) if _is_own(one.labels)]
    alive = {folder: is_owned(Path(folder)) for folder in {one.labels[FOLDER] for one in own}}
    return _remove(engine, (one for one in own if not alive[one.labels[FOLDER]]))


def _is_own(labels: Mapping[str, str]) -> bool:
    """Whether these are the labels of a run of this user on this machine."""
    folder, mark = labels.get(FOLDER, ""), labels.get(RUN, "")
    known = (labels.get(MACHINE), labels.get(USER)) == (platform.node(), user())
    return known and is_mark(mark) and folder.endswith(f"-{mark}")


def _labelled(engine: Engine, label: str) -> Iterator[Leftover]:
    """Yield what carries a label; containers come first, since they use the networks and volumes."""
    api, chosen = engine.api, {"label": label}
    with engine.telling("list what is left"):
        found: dict[str, list[Mapping[str, Any]]] = {
            "container": api.containers(all=True, filters=chosen),
            "network": api.networks(filters=chosen),
            "volume": api.volumes(filters=chosen)["Volumes"] or [],
        }
    for kind, rows in found.items():
        for row in rows:
            name = row.get("Name") or row["Names"][0].lstrip("/")
            yield Leftover(kind=kind, id=row.get("Id") or name, name=name, labels=row.get("Labels") or {})


def _remove(engine: Engine, leftovers: Iterable[Leftover]) -> tuple[str, ...]:
    from docker.errors import APIError  # noqa: PLC0415 - see `harness.containers.engine.connect`

    removed = []
    remove = {"container": engine.remove, "network": engine.api.remove_network, "volume": engine.api.remove_volume}
    for one in leftovers:
        with engine.telling(f"remove a {one.kind}"), contextlib.suppress(APIError):  # it is removed already
            remove[one.kind](one.id)
            removed.append(f"{one.kind} {one.name}")
    return tuple(removed)
