"""A release with the dependencies of another one, as far as the packages' own declarations allow."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.environments.backend import MakesItsOwn, Request, Resolution, name_of, version_of
from harness.environments.exchange import closest, exchanged
from harness.errors import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.environments.backend import Environment

EARLY, LATE = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2020, 2024))
NAMES = ("click", "h11", "httptools", "typing-extensions")
NEWEST = 9
dependencies = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("1.0", "2.0", "3.0")))


class Index(MakesItsOwn):
    """An index where releases of the subject depend on what is given, and every version up to `NEWEST` exists."""

    def __init__(self, depends: Mapping[str, tuple[str, ...]]) -> None:
        """Take the requirements of each release of the subject."""
        self._depends = depends

    def resolve(self, request: Request) -> Resolution:
        """Take the newest version of everything that the requirements and the constraints allow."""
        subject, *others = request.requirements
        wanted: dict[str, list[Requirement]] = {}
        for one in map(Requirement, (*self._depends[version_of(subject)], *others)):
            wanted.setdefault(canonicalize_name(one.name), []).append(one)
        bounds = {name_of(pin): Requirement(pin) for pin in request.constraints}
        asked = {name: [*known, *([bounds[name]] if name in bounds else [])] for name, known in wanted.items()}
        pins = [subject, *(self._pin(name, known) for name, known in asked.items())]
        return Resolution(request=request, interpreter="/python", python_full="3.8.18", pins=tuple(sorted(pins)))

    def _pin(self, name: str, asked: list[Requirement]) -> str:
        """Return the newest version that all of the requirements of a package allow, under the first one's spelling."""
        if asked[0].url:
            return str(asked[0])
        for number in range(NEWEST, 0, -1):
            if all(one.specifier.contains(f"{number}.0") for one in asked):
                extras = f"[{','.join(asked[0].extras)}]" if asked[0].extras else ""
                return f"{asked[0].name}{extras}=={number}.0"
        raise UnsatisfiableError(f"cause: {name} cannot be {' and '.join(map(str, asked))}")

    def build(self, resolution: Resolution) -> Environment:
        """Build nothing."""
        raise NotImplementedError


def resolution(index: Index, version: str, pins: tuple[str, ...] = (), as_of: dt.datetime = EARLY) -> Resolution:
    """Return the resolution of a release that had these pins on its day."""
    request = Request(
        subject="uvicorn", requirements=(f"uvicorn=={version}",), as_of=as_of, python="3.8", platform="linux"
    )
    found = index.resolve(msgspec.structs.replace(request, constraints=pins))
    return msgspec.structs.replace(found, request=request)


def pinned(index: Index, version: str, pins: Mapping[str, str]) -> Resolution:
    """Return the same, from versions by name."""
    return resolution(index, version, tuple(f"{name}=={one}" for name, one in pins.items()))


@given(own=dependencies, other=dependencies)
def test_subject_of_one_and_dependencies_of_the_other(own: dict[str, str], other: dict[str, str]) -> None:
    """What only its own release depends on stays as it was, and what only the other depends on comes along."""
    index = Index({"0.1": tuple(own), "0.2": tuple(other)})
    one, two = pinned(index, "0.1", own), pinned(index, "0.2", other)
    assert exchanged(index, one, two).pinned == {**own, **other, "uvicorn": "0.1"}
    assert exchanged(index, two, one).pinned == {**other, **own, "uvicorn": "0.2"}
    assert exchanged(index, one, two).not_exchanged == {}


@given(shared=dependencies)
def test_equal_dependencies_make_the_same_environment(shared: dict[str, str]) -> None:
    """It is found in the store, not built again."""
    index = Index({"0.1": tuple(shared), "0.2": tuple(shared)})
    one, two = pinned(index, "0.1", shared), pinned(index, "0.2", shared)
    assert exchanged(index, one, two).digest == one.digest
    assert exchanged(index, one, one).digest == one.digest


def test_what_the_declaration_forbids_stays_and_is_told() -> None:
    """The other release's pin is not forced on a release that excludes it; its own pin is kept, not the newest."""
    index = Index({"0.1": ("h11<2", "click"), "0.2": ("h11", "click")})
    one = pinned(index, "0.1", {"h11": "1.0", "click": "1.0"})
    two = pinned(index, "0.2", {"h11": "3.0", "click": "2.0"})
    found = exchanged(index, one, two)
    assert found.pinned == {"uvicorn": "0.1", "h11": "1.0", "click": "2.0"}
    assert list(found.not_exchanged) == ["h11"]
    assert found.not_exchanged["h11"].startswith("h11==3.0: h11 cannot be")
    assert exchanged(index, two, one).not_exchanged == {}


def test_pins_that_exclude_each_other_are_taken_in_order() -> None:
    """As many as go together: what is refused is told, what comes after it is not lost."""
    index = Index({"0.1": ("click<3", "h11<2", "httptools")})
    request = resolution(index, "0.1").request
    found = closest(index, request, ("click==3.0", "click==2.0", "h11==1.0", "httptools==4.0", "other==1.0"))
    assert found.resolution.pinned == {"uvicorn": "0.1", "click": "2.0", "h11": "1.0", "httptools": "4.0"}
    assert found.refused == {"click==3.0": "click cannot be click<3 and click==3.0"}
    with pytest.raises(UnsatisfiableError):
        closest(Index({"0.1": ("click>99",)}), request, ("click==3.0",))


@pytest.mark.parametrize(
    ("own", "other", "pins"),
    [
        ("Typing_Extensions", "typing-extensions", "Typing_Extensions==2.0 uvicorn==0.1"),  # however spelt
        ("httpx", "httpx[http2]", "httpx==2.0 uvicorn==0.1"),  # extras that the release itself does not ask for
        ("click", "httpx[http2]", "click==1.0 httpx[http2]==2.0 uvicorn==0.1"),
        ("click", "part @ file:///part.whl", "click==1.0 part @ file:///part.whl uvicorn==0.1"),
    ],
)
def test_spellings_of_pins(own: str, other: str, pins: str) -> None:
    """No distribution is pinned twice."""
    index = Index({"0.1": (own,), "0.2": (other,)})
    name = Requirement(other).name
    one = resolution(index, "0.1", (f"{own}==1.0",))
    two = resolution(index, "0.2", (f"{name}==2.0",))
    assert " ".join(exchanged(index, one, two).pins) == pins


def test_it_is_resolved_as_of_the_later_moment() -> None:
    """Before that one of the dependencies was not there."""
    index = Index({"0.1": (), "0.2": ()})
    one, two = resolution(index, "0.1"), resolution(index, "0.2", as_of=LATE)
    assert exchanged(index, one, two).request.as_of == LATE
    assert exchanged(index, two, one).request.as_of == LATE
