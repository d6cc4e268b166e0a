"""What only releases have: their order, their place among others, and which of them users may be sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from harness.analysis.candidates import Place
from harness.analysis.claims import claim_results
from harness.analysis.releases import candidate_of, divided, in_order, oldest_first, place_of
from harness.analysis.series import Series
from harness.model.claim import Claim
from harness.model.coordinates import SeriesKey
from harness.model.release import Offer
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.model.release import Release
    from harness.model.result import CellResult

ORDERED = ("0.9", "0.10.dev1", "0.10a1", "0.10rc1", "0.10", "0.10.post1", "0.11.0", "1!0.1")
KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")


@given(order=st.permutations(ORDERED))
def test_releases_are_ordered_as_pep_440_does(order: list[str], make_release: Callable[..., Release]) -> None:
    """In whatever order they come; one that comes twice is one."""
    assert in_order([*order, *order[:3]]) == ORDERED
    assert tuple(one.version for one in oldest_first(map(make_release, order))) == ORDERED


@pytest.mark.parametrize(
    ("name", "older", "is_there"),
    [
        ("0.9", 0, True),
        ("0.9.0", 0, True),  # the same version in other words
        ("0.10", 4, True),
        ("v0.10-RC1", 3, True),
        ("0.11", 6, True),
        ("1!0.1", 7, True),
        # not among them: it has a place all the same
        ("0.1", 0, False),
        ("0.10.1", 6, False),
        ("0.12", 7, False),
        ("1!0.2", 8, False),
    ],
)
def test_place_of_a_version_that_a_document_names(name: str, older: int, *, is_there: bool) -> None:
    """Among releases, whether it is one of them or not."""
    found = place_of(name, ORDERED)
    assert found == Place(older=older, is_there=is_there)
    assert found.position == (older if is_there else None)


@given(labels=st.sets(st.sampled_from(ORDERED)), name=st.sampled_from((*ORDERED, "0.1", "0.10.1", "2")))
def test_place_is_between_the_older_and_the_newer(labels: set[str], name: str) -> None:
    """Whatever is known."""
    versions = in_order(labels)
    found = place_of(name, versions)
    assert all(Version(one) < Version(name) for one in versions[: found.older])
    assert all(Version(one) >= Version(name) for one in versions[found.older :])
    assert found.is_there is (name in labels)


def test_name_that_is_no_version_has_no_place() -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidVersion):
        place_of("the next one", ORDERED)


@pytest.mark.parametrize(
    ("version", "yanked", "is_usual"),
    [("1.0", False, True), ("1.0.post1", False, True), ("1.0", True, False), ("1.0rc1", False, False)],
)
def test_users_are_sent_to_usual_releases(
    version: str, make_release: Callable[..., Release], *, yanked: bool, is_usual: bool
) -> None:
    """Final ones that nobody took back; each has the moment of its upload."""
    release = make_release(version, yanked=yanked)
    found = candidate_of(release)
    assert (found.label, found.is_usual, found.at) == (version, is_usual, release.uploaded)


def test_releases_that_a_history_tries(make_release: Callable[..., Release]) -> None:
    """Pre-releases and what the Python cannot install only where somebody tried them; the rest is refused."""
    old = {"requires_python": "<3.10"}
    known = [
        make_release("0.2", **old),
        make_release("0.1", **old),
        make_release("0.5rc2"),
        make_release("0.5rc1"),
        make_release("0.4", yanked=True),
    ]
    tried, refused = divided(known, tested={"0.2", "0.5rc1"}, python="3.12", platform="linux")
    assert [one.version for one in tried] == ["0.2", "0.4", "0.5rc1"]
    assert [one.version for one in refused] == ["0.1"]


def test_reason_of_a_refused_release_is_that_of_its_files(make_release: Callable[..., Release]) -> None:
    """A release without a word on Pythons may have wheels for some of them only."""
    wheels = make_release("0.2", offers=(Offer(tags=("cp38-cp38-linux",)),))
    series = Series.of_releases(KEY, [make_release("0.1")], refused=[wheels])
    untried, refused = series.points({})
    assert (untried.verdict, refused.verdict) == (Verdict.NOT_RUN, Verdict.UNSUPPORTED)
    assert refused.reason == "uvicorn 0.2 has no source distribution, and wheels for cp38-cp38-linux only"


@pytest.mark.parametrize(
    ("tested", "claimed", "words"),
    [
        (("0.1",), "0.2", "0.2 was not tested here."),
        (("0.1",), "0.2.0", "0.2.0 was not tested here."),
        (("0.1", "0.2"), "0.2.0", "That is right."),
        (("0.1", "0.2"), "0.2.1", "0.2.1 cannot be had here."),
    ],
)
def test_claim_in_other_words_is_of_the_same_release(
    tested: Sequence[str],
    claimed: str,
    words: str,
    make_release: Callable[..., Release],
    make_result: Callable[..., CellResult],
) -> None:
    """``0.2.0`` is 0.2, which can be had; ``0.2.1`` is none of them."""
    series = Series.of_releases(KEY, [make_release("0.1"), make_release("0.2")])
    verdicts = {"0.1": Verdict.REPRODUCED, "0.2": Verdict.ABSENT}
    made = [make_result(version=one, verdict=verdicts[one]) for one in tested]
    claim = Claim(document="page.txt", references=("server #1",), fixed=claimed)
    (found,) = claim_results(series, {one.id: one for one in made}, [claim])
    assert found.sentence.startswith(f"The page says upgrade to {claimed}. {words}")
