"""Types of the names that come from outside: a name that does not fit its type is refused where it is decoded.

Shards, documents, journals and evidence files name scenarios, releases and places that somebody else chose. No name can
hold a control character or an endless number, each type has a longest name, and the ids of which paths are made hold no
path separator. The patterns stand in the JSON Schema of the document too. `fits` checks a name that is not decoded.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta

MOST_TRIALS = 1000  # of one cell
LONGEST_ID = 180  # characters: with the ending of a folder or a page still a valid file name on every platform
LONGEST_TEXT = 4000  # characters of a reason or a signature that is written
_MOST_OF_TEXT = 20_000  # characters of a reason or a signature that is read
_MOST_PINS = 2000  # packages of one environment
_END = r"$(?!\n)"  # Python's '$' alone also matches before a line end
_PLAIN = "[A-Za-z0-9.+_-]"
# PEP 440 in its canonical form: exactly the texts that `str` makes of a `packaging.version.Version`
_VERSION = (
    r"([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*((a|b|rc)(0|[1-9][0-9]*))?"
    r"(\.post(0|[1-9][0-9]*))?(\.dev(0|[1-9][0-9]*))?(\+[a-z0-9]+(\.[a-z0-9]+)*)?"
)
_IMAGE = r"(?!\S*\.\.)[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CANONICAL = r"[a-z0-9]+(-[a-z0-9]+)*"  # PEP 503
_MOMENT = r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z"

ScenarioId = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9]*(-[a-z0-9]+)*{_END}", max_length=100)]
VariantName = Annotated[
    str,
    Meta(
        pattern=rf"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+{_END}",
        max_length=100,
        description="any text of one line, without a character that controls how a line is shown",
    ),
]
SubjectName = Annotated[
    str,
    Meta(pattern=rf"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?{_END}", max_length=100, description="as PEP 508 has it"),
]
VersionText = Annotated[
    str, Meta(pattern=rf"^{_VERSION}{_END}", max_length=100, description="a version of PEP 440, in its canonical form")
]
PythonVersion = Annotated[str, Meta(pattern=rf"^3\.(0|[1-9][0-9]?){_END}")]
PlatformName = Annotated[str, Meta(pattern=rf"^(linux|windows|macos|windows-wine|docker:{_IMAGE}){_END}")]
ControlName = Annotated[
    str,
    Meta(
        pattern=rf"^((copy-[1-9][0-9]{{0,3}}|dependencies-of-{_VERSION}|with-{_CANONICAL}-{_VERSION})(-as-of-{_DATE})?"
        rf"|as-of-{_DATE}|(pins|in-place)-[0-9a-f]{{8}}){_END}",
        max_length=240,
        description="the recipe of a cell's environment, where it is not the usual one",
    ),
]
DayText = Annotated[str, Meta(pattern=rf"^{_DATE}{_END}", description="a day, in UTC")]
PackageName = Annotated[
    str, Meta(pattern=rf"^{_CANONICAL}{_END}", max_length=100, description="the canonical name of a package, PEP 503")
]
CellId = Annotated[str, Meta(pattern=rf"^{_PLAIN}+{_END}", max_length=LONGEST_ID)]
EvidencePath = Annotated[
    str,
    Meta(
        pattern=rf"^evidence/{_PLAIN}+/{_MOMENT}{_END}",
        max_length=LONGEST_ID + 40,
        description="the folder of a cell's evidence, below the results folder",
    ),
]
Text = Annotated[str, Meta(max_length=_MOST_OF_TEXT)]
PlaceText = Annotated[str, Meta(max_length=4096, description="a path, to be shown; nothing is opened by it")]
Moment = Annotated[dt.datetime, Meta(tz=True)]
Word = Annotated[str, Meta(max_length=200)]
TrialNumber = Annotated[int, Meta(ge=1, le=MOST_TRIALS)]
Count = Annotated[int, Meta(ge=0, le=MOST_TRIALS)]
Seconds = Annotated[float, Meta(ge=0, le=10_000_000)]
Files = Annotated[dict[SubjectName, Word], Meta(max_length=_MOST_PINS)]
Reasons = Annotated[dict[SubjectName, Text], Meta(max_length=_MOST_PINS)]
Pins = Annotated[dict[SubjectName, PlaceText], Meta(max_length=_MOST_PINS)]


def fits(name: object, kind: Any) -> bool:  # noqa: ANN401 - one of the types above
    """Whether a name fits one of the types above."""
    try:
        msgspec.convert(name, kind)
    except msgspec.ValidationError:
        return False
    return True


def shortened(text: str | None) -> str | None:
    """Return a text cut to the `LONGEST_TEXT` characters that a result has of it; ``…`` marks a cut text."""
    return text if text is None or len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
