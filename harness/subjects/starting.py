"""A command line becomes a running server here, in the same way for every subject."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypedDict

from harness.errors import HarnessError, ScenarioError
from harness.model.addresses import Tcp, Unix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from harness.client.certificate import Certificate
    from harness.execution.server import Server
    from harness.execution.trial import Trial
    from harness.model.addresses import Address, Log

PYTHON_ONLY = frozenset({"windows", "windows-wine"})
"""The platforms on which a server is started by ``python``: some environments have no console scripts there."""


class Start(TypedDict, total=False):
    """What `harness.execution.trial.Trial.server` takes by keyword, handed on as it is; ``name`` is the server's."""

    name: str
    ready: str | Tcp | Unix | Log | None
    ready_s: float
    at: Address
    env: Mapping[str, str]
    stdin: bytes | None
    console: bool
    tls: Certificate | None
    port: int | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Command:
    """A program of the environment and its arguments, with the placeholders of `Trial.server`."""

    program: str
    arguments: tuple[str, ...]


def parted(given: Mapping[str, object]) -> tuple[dict[str, object], dict[str, Any]]:
    """Part the keyword arguments of a subject into the options of its command line and those of the start."""
    options = {name: value for name, value in given.items() if name not in Start.__annotations__}
    return options, {name: value for name, value in given.items() if name in Start.__annotations__}


def address_of(start: Mapping[str, Any]) -> Address:
    """Return where a server is to listen: the place where the client reaches it."""
    address: Address = start.get("at", Tcp())
    return address


def started(trial: Trial, command: Command, *, name: str, start: Mapping[str, Any]) -> AbstractContextManager[Server]:
    """Start a server by its command line; ``name`` is the server's in the evidence unless the start names another."""
    how = {key: value for key, value in start.items() if key != "name"}
    return trial.server(start.get("name", name), command.program, *command.arguments, **how)


def by_script(trial: Trial, script: str, words: tuple[str, ...]) -> Command:
    """Return the command line of a ready-made script that starts a server which has no command line of its own.

    Raises:
        ScenarioError: the scenario does not name the script among its applications.

    """
    if not (trial.folder / script).is_file():
        message = (
            f"the server is started by {script}, which is ready-made; name '{script}' in the scenario's applications"
        )
        raise ScenarioError(message)
    return Command(program="python", arguments=(script, *words))


def tcp(address: Address, server: str) -> Tcp:
    """Return the TCP address on which a server is to listen.

    Raises:
        HarnessError: it is a Unix socket, which this server does not take.

    """
    if isinstance(address, Unix):
        message = f"{server} listens on no Unix socket; leave 'at' out"
        raise HarnessError(message)
    return address


def port_of(address: Tcp) -> str:
    """Return the port as an argument has it."""
    return "{port}" if address.port is None else str(address.port)


def bound(address: Address) -> str:
    """Return an address as ``HOST:PORT`` or ``unix:PATH``, as many servers and all ready-made scripts take it."""
    return "unix:{socket}" if isinstance(address, Unix) else str(address)
