"""The package indexes that uv and pip are configured for, and how they are passed to uv.

An address may hold a password. uv gets an address in a file that only the file's owner can read, or in its environment,
never in its arguments, which every user of the machine can read. No message shows a password, see `harmless`.
"""

from __future__ import annotations

import configparser
import functools
import json
import os
import re
from pathlib import Path

import msgspec
from uv import find_uv_bin

from harness.errors import IndexUnavailableError
from harness.processes import process

# Found once, when this module is imported: the look-up reads `sysconfig`, which is not safe in several threads at once.
PROGRAM = find_uv_bin()
_DEADLINE_S = 120.0
_BY_VARIABLE = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
# The file that an index has under a name never changes, and the most used index tells caches so. Other indexes, and
# proxies, often do not: uv then fetches every file again each time, and builds every source distribution again.
_KEPT = 'cache-control = { files = "max-age=365000000, immutable" }'
_USERINFO = re.compile(r"(?<=://)[^/\s]*@")


class Indexes(msgspec.Struct, frozen=True, kw_only=True):
    """The address of the default index, and the addresses of extra indexes, which are asked first.

    ``of_pip`` are those of ``extra`` that only pip is configured for. Where there are any, all indexes count
    ``together`` and the newest release of any index is taken, as pip does. Else a package comes from the first index
    that has it, as uv does.
    """

    default: str
    extra: tuple[str, ...] = ()
    of_pip: tuple[str, ...] = ()

    @property
    def together(self) -> bool:
        """Whether releases of all indexes count together."""
        return bool(self.of_pip)


def harmless(text: str) -> str:
    """Return a text without the user names and passwords in its addresses."""
    return _USERINFO.sub("", text)


@functools.cache
def configured() -> Indexes:
    """Return the indexes of uv's variables and configuration, then those of pip's.

    Raises:
        IndexUnavailableError: uv does not name its index.

    """
    default, extra = _of_uv()
    named = next((address for name in _BY_VARIABLE if (address := os.environ.get(name))), None)
    own, of_pip = _of_pip()
    if named is None and own and default == _of_uv("--no-config")[0]:  # uv has no configuration of its own
        named = own
    if not (named or default):
        message = "uv did not tell which package index it is configured for"
        raise IndexUnavailableError(message)
    further = tuple(address for address in of_pip if address not in extra)
    return Indexes(default=named or default, extra=(*extra, *further), of_pip=further)


def _of_uv(*options: str) -> tuple[str, tuple[str, ...]]:
    """Ask uv, which writes its indexes at the head of a compiled list of requirements, here an empty list."""
    argv = [PROGRAM, "pip", "compile", *options, "--quiet", "--emit-index-url", os.devnull]
    default, extra = "", []
    for line in process.ask(argv, deadline_s=_DEADLINE_S).output.splitlines():
        option, _, address = line.strip().partition(" ")
        if option == "--index-url":
            default = address.strip()
        elif option == "--extra-index-url":
            extra.append(address.strip())
    return default, tuple(extra)


def _of_pip() -> tuple[str | None, tuple[str, ...]]:
    """Read pip's own settings: its environment variables, then its files, the user's before the machine's."""
    own, extra = os.environ.get("PIP_INDEX_URL"), os.environ.get("PIP_EXTRA_INDEX_URL")
    for folder in (os.environ.get("PIP_CONFIG_FILE"), "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/pip.conf"):
        path = Path(folder or "").expanduser()
        if not (folder and path.is_file()):
            continue
        settings = configparser.RawConfigParser()
        try:
            settings.read(path, encoding="utf-8")
        except (OSError, configparser.Error, UnicodeDecodeError):
            continue  # pip itself reports a broken file
        own = own or settings.get("global", "index-url", fallback=None)
        extra = extra if extra is not None else settings.get("global", "extra-index-url", fallback=None)
    return own, tuple((extra or "").split())


def configuration(told: Indexes) -> str:
    """Return a configuration for uv that names the indexes and lets uv keep their files.

    The extra indexes of uv's own configuration are left out: uv reads that configuration too.
    """
    further = [f"[[index]]\nurl = {json.dumps(address)}\n{_KEPT}\n" for address in told.of_pip]
    default = f"[[index]]\nurl = {json.dumps(told.default)}\ndefault = true\n{_KEPT}\n"
    return "\n".join((*_strategy(told), *further, default))


def _strategy(told: Indexes) -> tuple[str, ...]:
    return ('index-strategy = "unsafe-best-match"\n',) if told.together else ()


def variables(told: Indexes) -> dict[str, str]:
    """Return the environment variables that name all indexes to uv, for a uv that reads no configuration."""
    extra = {"UV_EXTRA_INDEX_URL": " ".join(told.extra)} if told.extra else {}
    strategy = {"UV_INDEX_STRATEGY": "unsafe-best-match"} if told.together else {}
    return {"UV_DEFAULT_INDEX": told.default, **extra, **strategy}


def reachable(told: Indexes) -> Indexes:
    """Return the indexes without extra indexes that are folders of this machine, which a container cannot reach."""
    further = tuple(address for address in told.extra if not address.startswith("file:"))
    return msgspec.structs.replace(told, extra=further)


def without(environment: dict[str, str]) -> dict[str, str]:
    """Return environment variables without those that would override a configuration."""
    return {name: value for name, value in environment.items() if name not in _BY_VARIABLE}
