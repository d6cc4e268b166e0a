"""Which releases a word or a specifier in a matrix or a call names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.model.claim import Claim
from harness.model.release import Release, ordinary, select

if TYPE_CHECKING:
    from collections.abc import Callable

CLAIM = Claim(document="page.txt", references=("uvicorn #1",), fixed="0.27.1")
MANY_DIGITS = "1" * 4301  # more than Python reads as a number
HERE = "m.toml: [[cells]] number 2: releases"


@pytest.fixture(scope="session")
def releases(make_release: Callable[..., Release]) -> tuple[Release, ...]:
    """A list as an index has it: unordered, with every odd kind of release."""
    return (
        make_release("0.27.1", requires_python=">=3.8"),
        make_release("0.9.0"),
        make_release("0.27.0", requires_python=">=3.8"),
        make_release("0.27.0.post1"),
        make_release("0.28.0rc1"),
        make_release("0.26.0", yanked=True),
        make_release("0.10.0"),
        make_release("0.28.0", requires_python=">=3.9"),
    )


@pytest.fixture(scope="session")
def chosen(releases: tuple[Release, ...]) -> Callable[..., list[str]]:
    """Select from the list; return the versions."""

    def choose(spec: str, *, python: str = "3.12", claim: Claim | None = CLAIM, **other: Any) -> list[str]:  # noqa: ANN401
        given = {"releases": releases, **other}
        found = select(spec, given["releases"], subject="uvicorn", python=python, claim=claim, where=HERE)
        return [release.version for release in found]

    return choose


@pytest.mark.parametrize(
    ("spec", "python", "expected"),
    [
        ("latest", "3.12", ["0.28.0"]),
        ("latest", "3.8", ["0.27.1"]),
        ("latest", "3.7", ["0.27.0.post1"]),
        ("previous", "3.12", ["0.27.1"]),
        ("previous", "3.8", ["0.27.0.post1"]),
        ("previous", "3.7", ["0.10.0"]),
        (" latest ", "3.12", ["0.28.0"]),
        ("claimed", "3.7", ["0.27.1"]),
        ("before-claimed", "3.12", ["0.27.0.post1"]),
        ("==0.27.0", "3.7", ["0.27.0"]),
        ("==0.28.0rc1", "3.12", ["0.28.0rc1"]),
        ("==0.26.0", "3.12", ["0.26.0"]),
        ("==0.27.*", "3.12", ["0.27.0", "0.27.0.post1", "0.27.1"]),
        (">=0.26,<0.28", "3.12", ["0.27.0", "0.27.0.post1", "0.27.1"]),
        ("<0.27", "3.12", ["0.9.0", "0.10.0"]),
        ("~=0.27.0", "3.12", ["0.27.0", "0.27.0.post1", "0.27.1"]),
        (">=0.9,!=0.27.1,<0.28", "3.12", ["0.9.0", "0.10.0", "0.27.0", "0.27.0.post1"]),
    ],
)
def test_what_a_word_names(spec: str, python: str, expected: list[str], chosen: Callable[..., list[str]]) -> None:
    """Oldest first by PEP 440; odd releases only when they are named exactly."""
    assert chosen(spec, python=python) == expected


def test_pre_release_that_is_not_named_exactly_is_passed_over(chosen: Callable[..., list[str]]) -> None:
    """As installers do, also where a bound is itself a pre-release."""
    assert chosen(">=0.28.0rc1") == ["0.28.0"]


def test_claimed_release_that_was_yanked_is_still_the_claimed_one(make_release: Callable[..., Release]) -> None:
    """A document may name a release that has been yanked since."""
    pulled = make_release("0.27.1", yanked=True)
    assert select("claimed", [pulled], subject="u", python="3.12", claim=CLAIM, where=HERE) == (pulled,)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("==0.27.9", ["no release of uvicorn matches '==0.27.9'", "0.27.1", "0.28.0rc1"]),
        ("==99", ["no release of uvicorn matches '==99'", "the nearest are 0.28.0"]),
        ("==0.1", ["the nearest are 0.9.0"]),
        (">0.28.0", ["no release of uvicorn matches '>0.28.0'", "0.28.0"]),
        ("lates", ["'lates' is neither a release specifier", "did you mean latest"]),
        ("0.27.0", ["'0.27.0' is neither a release specifier"]),
        pytest.param(
            "",
            ["is neither a release specifier"],
        ),
        ("=>1", ["is neither a release specifier"]),
        (f"=={MANY_DIGITS}", ["is neither a release specifier"]),
        (f">9,!={MANY_DIGITS}", ["is neither a release specifier"]),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_names_nothing_says_where_and_what_is_near(
    spec: str, words: list[str], chosen: Callable[..., list[str]]
) -> None:
    """The message has the file, the entry, the key and the nearest names."""
    with pytest.raises(UsageError) as error:
        chosen(spec)
    assert str(error.value).startswith(f"{HERE}: ")
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("spec", ["claimed", "before-claimed"])
def test_claim_that_is_needed_and_missing_is_an_error(spec: str, chosen: Callable[..., list[str]]) -> None:
    """A scenario of one's own may have no document."""
    with pytest.raises(UsageError, match="needs a scenario with a claim"):
        chosen(spec, claim=None)


@pytest.mark.parametrize(("spec", "fixed"), [("claimed", "0.11.4"), ("before-claimed", "0.1")])
def test_claimed_release_that_does_not_exist_is_an_error(
    spec: str, fixed: str, chosen: Callable[..., list[str]]
) -> None:
    """A document can name a release that never was."""
    with pytest.raises(UsageError, match=rf"uvicorn {fixed}, which page names as fixed, is not among"):
        chosen(spec, claim=Claim(document="page", references=("i",), fixed=fixed))


@pytest.mark.parametrize("spec", ["latest", "previous"])
def test_no_installable_release_is_an_error(spec: str, chosen: Callable[..., list[str]]) -> None:
    """The message names the Python that nothing is installable on."""
    with pytest.raises(UsageError, match=rf"no release of uvicorn is '{spec}' on Python 3\.12"):
        chosen(spec, releases=())


def test_local_project_is_named_by_its_path(make_release: Callable[..., Release]) -> None:
    """Whatever the path looks like, it is not a specifier."""
    own = make_release("0.28.0+local.abc", source="file:///wheels/uvicorn.whl")
    assert select("./uvicorn", [own], subject="uvicorn", python="3.12", claim=None, where=HERE) == (own,)


@pytest.mark.parametrize(
    ("requires", "python", "admitted"),
    [
        (None, "3.6", True),
        ("", "3.6", True),
        (">=3.8", "3.8", True),
        (">=3.8", "3.7", False),
        (">=3.10", "3.9", False),
        (">=3.8.1", "3.8", True),
        (">=3.8,<3.12.4", "3.12", True),
        (">=3.8,<3.12.4", "3.12.3", True),
        (">=3.8,<3.12.4", "3.12.4", False),
        ("==3.9.7", "3.9", True),
        ("<=3.9", "3.9", True),
        ("!=3.9.*", "3.9", False),
        (">3.9.5,<3.9.7", "3.9", True),
        (f">=3.{MANY_DIGITS}", "3.9", True),
        ("<3.12", "3.12", False),
        (">=2.7, !=3.0.*, !=3.6.*", "3.6", False),
        ("not a specifier", "3.8", True),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_which_python_a_release_admits(
    requires: str | None, python: str, *, admitted: bool, make_release: Callable[..., Release]
) -> None:
    """Versions are compared as versions, any patch of the Python counts, nonsense forbids nothing."""
    assert make_release("1.0", requires_python=requires).admits(python) is admitted


@given(st.permutations(range(8)))
def test_order_of_the_index_does_not_matter(releases: tuple[Release, ...], order: list[int]) -> None:
    """An index may list its files in any order."""
    shuffled = [releases[place] for place in order]
    assert ordinary(shuffled) == ordinary(releases)
    every = [select(">=0", one, subject="u", python="3.12", claim=None, where="w") for one in (shuffled, releases)]
    assert every[0] == every[1]


def test_ordinary_is_what_an_installer_would_consider(releases: tuple[Release, ...]) -> None:
    """Final, not yanked, admitting the Python; oldest first as versions, not as text."""
    assert [one.version for one in ordinary(releases)] == [
        *("0.9.0", "0.10.0", "0.27.0", "0.27.0.post1", "0.27.1", "0.28.0")
    ]
    assert [one.version for one in ordinary(releases, "3.7")] == ["0.9.0", "0.10.0", "0.27.0.post1"]
