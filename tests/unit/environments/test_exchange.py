"""A release with the dependencies of another one, as far as the packages' own declarations allow."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.environments.backend import MakesItsOwn, Request, Resolution, name_of, version_of
from harness.environments.exchange import exchanged
from harness.errors import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.environments.backend import Environment

EARLY, LATE = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2020, 2024))
NAMES = ("click", "h11", "httptools", "typing-extensions")
NEWEST = "9.0"
dependencies = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("1.0", "2.0", "3.0")))


class Index(MakesItsOwn):
    """An index where releases of the subject depend on what is given, and every version up to `NEWEST` exists."""

    def __init__(self, depends: Mapping[str, tuple[str, ...]]) -> None:
        """Take the requirements of each release of the subject."""
        self._depends = depends

    def resolve(self, request: Request) -> Resolution:
        """Take the preferred version of everything where it is allowed, else the newest."""
        subject, *others = request.requirements
        wanted: dict[str, list[Requirement]] = {}
        for one in (*self._depends[version_of(subject)], *others):
            wanted.setdefault(canonicalize_name(Requirement(one).name), []).append(Requirement(one))
        preferred = {name_of(pin): pin for pin in request.preferred}
        pins = [subject, *(self._pin(name, asked, preferred.get(name)) for name, asked in wanted.items())]
        return Resolution(request=request, interpreter="/python", python_full="3.8.18", pins=tuple(sorted(pins)))

    def _pin(self, name: str, asked: list[Requirement], preferred: str | None) -> str:
        """Return the first version that all of the requirements of a package allow."""
        address = next((str(one) for one in asked if one.url), None)
        if address:
            return address
        tried = [version_of(preferred)] if preferred else []
        for version in (*tried, NEWEST, *(f"{number}.0" for number in range(8, 0, -1))):
            if all(one.specifier.contains(version) for one in asked):
                return preferred if preferred and version == version_of(preferred) else f"{name}=={version}"
        raise UnsatisfiableError(f"{name} cannot be {asked}")

    def build(self, resolution: Resolution) -> Environment:
        """Build nothing."""
        raise NotImplementedError


def resolution(
    index: Index, *requirements: str, as_of: dt.datetime = EARLY, preferred: tuple[str, ...] = ()
) -> Resolution:
    """Return the resolution of a release of the subject, which is the first requirement."""
    return index.resolve(
        Request(
            subject="uvicorn",
            requirements=requirements,
            as_of=as_of,
            python="3.8",
            platform="linux",
            preferred=preferred,
        )
    )


def pinned(index: Index, version: str, pins: Mapping[str, str]) -> Resolution:
    """Return the resolution of a release that had these pins on its day."""
    return resolution(index, f"uvicorn=={version}", preferred=tuple(f"{name}=={one}" for name, one in pins.items()))


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


@pytest.mark.parametrize(
    ("own", "other", "pins"),
    [
        ("Typing_Extensions==1.0", "typing-extensions==2.0", "typing-extensions==2.0 uvicorn==0.1"),  # however spelt
        ("httpx==1.0", "httpx[http2]==2.0", "httpx[http2]==2.0 uvicorn==0.1"),  # extras
        ("click", "part @ file:///part.whl", "click==9.0 part @ file:///part.whl uvicorn==0.1"),  # a file
    ],
)
def test_spellings_of_pins(own: str, other: str, pins: str) -> None:
    """No distribution is pinned twice."""
    index = Index({"0.1": (own.split("==", maxsplit=1)[0],), "0.2": (other.split("==", maxsplit=1)[0],)})
    preferred = [(pin,) if "==" in pin else () for pin in (own, other)]
    one, two = (resolution(index, f"uvicorn==0.{n}", preferred=preferred[n - 1]) for n in (1, 2))
    assert " ".join(exchanged(index, one, two).pins) == pins


def test_it_is_resolved_as_of_the_later_moment() -> None:
    """Before that one of the dependencies was not there."""
    index = Index({"0.1": (), "0.2": ()})
    one, two = resolution(index, "uvicorn==0.1"), resolution(index, "uvicorn==0.2", as_of=LATE)
    assert exchanged(index, one, two).request.as_of == LATE
    assert exchanged(index, two, one).request.as_of == LATE
