"""Options as a release writes them, and what is said of one that the release does not have."""

from __future__ import annotations

import pytest
from packaging.version import Version

from harness.errors import HarnessError
from harness.subjects.options import arguments, option, where_known

TABLE = {
    "keep_alive_s": option("--timeout-keep-alive", "0.2.21"),
    "access_log": option("/--no-access-log", "0.3", until="0.10") + option("--access-log/--no-access-log", "0.10"),
    "workers": option("--workers", "0.2", until="0.2.19") + option("--workers", "0.5"),
    "reload": option("--reload"),
}


def words(release: str, **given: object) -> tuple[str, ...]:
    """Return the words of options, as a release has them."""
    return arguments(TABLE, given, server="toy", release=Version(release))


@pytest.mark.parametrize(
    ("release", "given", "expected"),
    [
        ("1", {"keep_alive_s": 2}, ("--timeout-keep-alive", "2")),
        ("1", {"reload": True, "keep_alive_s": 2}, ("--reload", "--timeout-keep-alive", "2")),
        ("1", {"reload": False}, ()),
        ("1", {"access_log": True}, ("--access-log",)),
        ("1", {"access_log": False}, ("--no-access-log",)),
        ("0.4", {"access_log": False}, ("--no-access-log",)),
        ("0.4", {"access_log": True}, ()),
        ("1", {"workers": ("a", "b")}, ("--workers", "a", "--workers", "b")),
        ("1", {"workers": None}, ()),
        ("0.2.20", {"keep_alive_s": where_known(2)}, ()),
        ("0.2.21", {"keep_alive_s": where_known(2)}, ("--timeout-keep-alive", "2")),
        ("0.2.20", {"keep_alive_s": None}, ()),
    ],
)
def test_words(release: str, given: dict[str, object], expected: tuple[str, ...]) -> None:
    """In the order in which an author gives them; a switch by the word that the release has for its side."""
    assert words(release, **given) == expected


@pytest.mark.parametrize(
    ("release", "given", "message"),
    [
        ("0.2.20", {"keep_alive_s": 2}, "toy 0.2.20 has no keep_alive_s: --timeout-keep-alive came with 0.2.21"),
        ("0.3", {"workers": 2}, "--workers came with 0.2 until 0.2.19 and --workers came with 0.5"),
        ("1", {"keep_alive": 2}, "toy has no option 'keep_alive' in its table; did you mean keep_alive_s?"),
        ("1", {"access_log": "yes"}, "is True or False, not 'yes'"),
    ],
)
def test_what_a_release_does_not_have_is_refused(release: str, given: dict[str, object], message: str) -> None:
    """In one line that says since when there is the option."""
    with pytest.raises(HarnessError) as raised:
        words(release, **given)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
