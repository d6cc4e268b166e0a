"""Advisories in the form of OSV become claims, whatever the order of their events and the form of their file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.claims.osv import read
from harness.errors import UsageError
from harness.model.claim import Claim, ClaimedRange

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def affected(*, name: str = "Some_Server", ecosystem: str = "PyPI", **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return one entry of ``affected``."""
    return {"package": {"name": name, "ecosystem": ecosystem}, **parts}


def ranges(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    """Return a range of these events."""
    return {"type": kind, "events": list(events)}


def claims(*parts: dict[str, Any], **fields: Any) -> dict[str, tuple[Claim, ...]]:  # noqa: ANN401 - JSON
    """Return the claims of an advisory with these packages."""
    advisory = {"id": "X-1", "aliases": ["CVE-2024-1"], "affected": list(parts), "summary": "s", **fields}
    return read(json.dumps(advisory).encode(), name="x.json").claims


def said(*parts: dict[str, Any]) -> list[str]:
    """Return what is said of one package, in words."""
    ((_, found),) = claims(*parts).items()
    return [str(statement) for claim in found for statement in claim.statements]


def test_ranges_and_commits() -> None:
    """A claim of all ranges, and one of each commit; the id and the aliases are the references."""
    git = ranges({"introduced": "0"}, {"fixed": COMMIT}, kind="GIT")
    found = claims(affected(ranges=[git, ranges({"introduced": "0"}, {"fixed": "0.11.7"})]))
    known_as = ("X-1", "CVE-2024-1")
    affected_range = ClaimedRange(introduced="0", fixed="0.11.7")
    assert found == {
        "some-server": (
            Claim(document="X-1", references=known_as, ranges=(affected_range,)),
            Claim(document="X-1", references=known_as, commit=COMMIT),
        )
    }


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([{"introduced": "1.10"}, {"fixed": "1.2"}, {"introduced": "0"}], "<1.2 or >=1.10"),
        (
            [{"fixed": "2.0"}, {"introduced": "2.0"}, {"introduced": "1.0"}, {"fixed": "3.0"}],
            ">=1.0,<2.0 or >=2.0,<3.0",
        ),
        ([{"introduced": "1.0"}, {"introduced": "1.1"}, {"last_affected": "1.2"}], ">=1.0,<=1.2"),
        ([{"introduced": "1.0"}, {"last_affected": "1.0"}], "==1.0"),
        ([{"introduced": "0"}], "all"),
        ([{"introduced": "0"}, {"fixed": "24.7.0rc1"}], "<24.7.0rc1"),
    ],
)
def test_events_in_any_order(events: list[dict[str, str]], words: str) -> None:
    """They are ordered by their releases; one that ends nothing says nothing."""
    for order in (events, events[::-1]):
        assert said(affected(ranges=[ranges(*order)])) == [f"affected: {words}"]


def test_enumerated_versions() -> None:
    """Those outside of the ranges are affected too; those that no installer knows are left out."""
    versions = ["1.10", "1.9", "0.1", "0.10", "2004d", "1.9"]
    assert said(affected(versions=versions)) == ["affected: ==0.1 or ==0.10 or ==1.9 or ==1.10"]
    both = affected(versions=versions, ranges=[ranges({"introduced": "0"}, {"fixed": "1.9"})])
    assert said(both) == ["affected: <1.9 or ==1.9 or ==1.10"]


def test_several_packages() -> None:
    """Each has its own claims, also where it stands in several entries; other ecosystems have other readers."""
    found = claims(
        affected(ranges=[ranges({"introduced": "0"}, {"fixed": "1"})]),
        affected(name="other", versions=["3"]),
        affected(name="some-server", versions=["2"]),
        affected(name="debian-server", ecosystem="Debian:12", versions=["9"]),
        {"ranges": [ranges({"introduced": "0"}, {"fixed": COMMIT}, kind="GIT")]},
    )
    words = {name: [str(claim.statements[0]) for claim in every] for name, every in found.items()}
    assert words == {"some-server": ["affected: <1 or ==2"], "other": ["affected: ==3"]}


YAML = """
id: X-2
aliases:
- CVE-2024-2
withdrawn: null
published: 2024-07-29T16:15:00Z
affected:
- package:
    name: uvicorn
    ecosystem: PyPI
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: 0
    - fixed: 0.10
  versions:
  - 0.9
  - 0.10
  - '0.20'
"""


def test_yaml_is_read_as_it_is_written() -> None:
    """``0.10`` is a release, and neither a number nor 0.1."""
    advisory = read(YAML.encode(), name="x.yaml")
    assert advisory.id == "X-2"
    (claim,) = advisory.claims["uvicorn"]
    assert [str(one) for one in claim.statements] == ["affected: <0.10 or ==0.10 or ==0.20"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "x: Input data was truncated"),
        (b"[1]", "Expected `object`, got `array`"),
        (b"id: [", "not valid YAML"),
        (b"\xff", "invalid start byte"),
        (b"id: X-1", "X-1 affects no package of PyPI"),
        (YAML.replace("null", "2024").encode(), "X-2 was withdrawn at 2024; it claims nothing any more"),
        (YAML.replace("fixed: 0.10", "fixed: soon").encode(), "'soon' is no version"),
        (YAML.replace("fixed: 0.10", "limit: 0.10").encode(), "have a limit"),
        (YAML.replace("ECOSYSTEM", "GIT").replace("fixed: 0.10", "fixed: v1").encode(), "a claim's commit is 'v1'"),
        (b"a: &a [x]\nb: [*a, *a]\n", "it has anchors, or is nested"),
        (b"id: " + b"[" * 100 + b"]" * 100, "it has anchors, or is nested more than 40 deep"),
        (b'{"id":' + b"[" * 100_000, "x: "),
        (b"!!python/object/apply:os.getcwd []", "not valid YAML"),
        (b" " * 1024 * 1024 + b"{}", "it has more than 1048576 bytes"),
    ],
    ids=range(14),
)
def test_what_is_no_advisory_is_refused(content: bytes, words: str) -> None:
    """In one line, whoever sent it; nothing of it is executed, and nothing grows."""
    with pytest.raises(UsageError) as error:
        read(content, name="x")
    assert words in str(error.value)
    assert len(str(error.value).splitlines()) == 1
