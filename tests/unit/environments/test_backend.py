"""A release with the dependencies of another one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.environments.backend import Request, Resolution, exchanged

EARLY, LATE = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2020, 2024))
NAMES = ("click", "h11", "httptools", "typing-extensions")
dependencies = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("1.0", "2.0", "3.0")))


def resolution(*pins: str, as_of: dt.datetime = EARLY, subject: str = "uvicorn") -> Resolution:
    """Return a resolution of these pins."""
    request = Request(subject=subject, requirements=(pins[0],), as_of=as_of, python="3.8", platform="linux")
    return Resolution(request=request, interpreter="/python", python_full="3.8.18", pins=pins)


@given(own=dependencies, other=dependencies)
def test_subject_of_one_and_dependencies_of_the_other(own: dict[str, str], other: dict[str, str]) -> None:
    """What only its own release depends on stays, as it cannot do without."""
    one = resolution("uvicorn==0.1", *(f"{name}=={version}" for name, version in own.items()))
    two = resolution("uvicorn==0.2", *(f"{name}=={version}" for name, version in other.items()))
    assert exchanged(one, two).pinned == {**own, **other, "uvicorn": "0.1"}
    assert exchanged(two, one).pinned == {**other, **own, "uvicorn": "0.2"}


@given(shared=dependencies)
def test_equal_dependencies_make_the_same_environment(shared: dict[str, str]) -> None:
    """It is found in the store, not built again."""
    pins = [f"{name}=={version}" for name, version in shared.items()]
    one, two = resolution("uvicorn==0.1", *pins), resolution("uvicorn==0.2", *pins)
    assert exchanged(one, two).digest == one.digest
    assert exchanged(one, one).digest == one.digest


def test_other_dependencies_make_another_environment() -> None:
    """Neither release's own."""
    one, two = resolution("uvicorn==0.1", "h11==0.8"), resolution("uvicorn==0.2", "h11==0.9")
    digests = {found.digest for found in (one, two, exchanged(one, two), exchanged(two, one))}
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("own", "other", "pins"),
    [
        # one distribution however it is spelt
        (
            ("uvicorn==0.1", "Typing_Extensions==1.0"),
            ("uvicorn==0.2", "typing-extensions==2.0"),
            "typing-extensions==2.0",
        ),
        # extras
        (("uvicorn[standard]==0.1",), ("uvicorn==0.2", "h11==0.9"), "h11==0.9 uvicorn[standard]==0.1"),
        (
            ("uvicorn==0.1", "httpx==1.0"),
            ("uvicorn[standard]==0.2", "httpx[http2]==2.0"),
            "httpx[http2]==2.0 uvicorn==0.1",
        ),
        # a local project
        (("uvicorn @ file:///a.whl", "h11==0.8"), ("uvicorn==0.2", "h11==0.9"), "h11==0.9 uvicorn @ file:///a.whl"),
    ],
)
def test_spellings_of_pins(own: tuple[str, ...], other: tuple[str, ...], pins: str) -> None:
    """No distribution is pinned twice, and the subject stays what it is."""
    found = exchanged(resolution(*own), resolution(*other)).pins
    expected = pins if "uvicorn" in pins else f"{pins} uvicorn==0.1"
    assert " ".join(found) == expected


def test_it_is_resolved_as_of_the_later_moment() -> None:
    """Before that one of the dependencies was not there."""
    one, two = resolution("uvicorn==0.1", as_of=EARLY), resolution("uvicorn==0.2", as_of=LATE)
    assert exchanged(one, two).request.as_of == LATE
    assert exchanged(two, one).request.as_of == LATE
    assert exchanged(one, two).request.requirements == ("uvicorn==0.1",)


def test_subject_spelt_in_another_way() -> None:
    """Pins have the canonical name, requests whatever the scenario says."""
    one, two = resolution("my-server==1", subject="My_Server"), resolution("my-server==2", subject="My_Server")
    assert exchanged(one, two).pins == ("my-server==1",)


def test_names_of_pins_have_no_extras() -> None:
    """By them an environment is checked, and dependencies are compared."""
    found = resolution("uvicorn[standard]==0.1", "Typing_Extensions==4 ; python_version == '3.8'", "b[x] @ file:///b")
    assert found.pinned == {"uvicorn": "0.1", "typing-extensions": "4", "b": "file:///b"}


def test_copy_is_another_environment() -> None:
    """Built the same, at another address."""
    one = resolution("uvicorn==0.1")
    copies = {
        Resolution(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "copy": n}).digest for n in (0, 1, 2)
    }
    assert len(copies) == 3
    assert one.digest in copies
