"""Expected and actual of each check of a cell's last trial, one above the other, with the first difference marked.

    requirement NOT MET: two requests, the second answered late
        expected  200 b'answer to /0', 200 b'answer to /5'
        actual    200 b'answer to /0', then closed by server
                                       ^

Both texts are cut to one window around their first difference, so that equal characters stand above each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from harness import escaping
from harness.report.evidence import NOT_JUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.evidence import Evidence
    from harness.model.result import CellResult
    from harness.model.verdict import Check, Judgement

NARROWEST = 40  # characters of a line
_INDENT = " " * 6
_LABEL = 10  # characters of 'expected' and 'actual', with the space after these words
_CUT = "…"


def render(result: CellResult, trials: Sequence[tuple[Evidence, Judgement | None]], *, width: int) -> str:
    """Return the text; nothing in it can act on a terminal.

    Args:
        result: the stored result.
        trials: its evidence, each trial with its judgement, or None where the scenario is not at hand.
        width: characters of a line, at least `NARROWEST`; the cell's id and its reason may take more.

    """
    return "\n".join(_lines(result, trials, max(width, NARROWEST))) + "\n"


def _lines(result: CellResult, trials: Sequence[tuple[Evidence, Judgement | None]], width: int) -> Iterator[str]:
    yield f"{result.id}: {result.verdict}"
    for word, text in (("reason", result.reason), ("signature", result.signature)):
        if text:
            yield f"  {word:<11}{escaping.line(text)}"
    if not trials:
        yield "  no trial of this cell was carried out, so that there is nothing to compare"
        return
    evidence, judgement = trials[-1]
    yield f"trial {evidence.trial} of {len(trials)}: {judgement.verdict if judgement else NOT_JUDGED}"
    checks = list(_checks(judgement)) if judgement else []
    for word, check in checks:
        yield f"  {word}: {_shortened(escaping.line(check.name), width - len(word) - 4)}"
        yield from _compared(check, width - len(_INDENT) - _LABEL)
    if judgement and not checks:
        yield "  the judgement has no checks"


def _checks(judgement: Judgement) -> Iterator[tuple[str, Check]]:
    """Yield the checks of a judgement in the order of the law, each with what became of it."""
    for check in judgement.preconditions:
        yield "precondition holds" if check.passed else "precondition DOES NOT HOLD", check
    for check in judgement.controls:
        yield "control passed" if check.passed else "control FAILED", check
    if requirement := judgement.requirement:
        yield "requirement met" if requirement.passed else "requirement NOT MET", requirement


def _compared(check: Check, width: int) -> Iterator[str]:
    """Yield both sides of a check in lines of ``width`` characters after the label; of a passed check only one."""
    expected, actual = (escaping.line(str(side)) for side in (check.expected, check.actual))
    if check.passed:
        yield f"{_INDENT}{'both':<{_LABEL}}{_shortened(actual, width)}"
        return
    pairs = zip(expected, actual, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(actual)))
    start = _start(same, max(len(expected), len(actual)), width)
    yield f"{_INDENT}{'expected':<{_LABEL}}{_window(expected, start, width)}"
    yield f"{_INDENT}{'actual':<{_LABEL}}{_window(actual, start, width)}"
    if expected != actual:
        before = (_CUT if start else "") + actual[start + len(_CUT) * bool(start) : same]
        yield f"{_INDENT}{'':<{_LABEL}}{' ' * cell_len(before)}^"
    else:
        kinds = type(check.expected).__name__, type(check.actual).__name__
        told = f"one is a {kinds[0]}, the other a {kinds[1]}" if len(set(kinds)) > 1 else "their texts do not show how"
        yield f"{_INDENT}{'':<{_LABEL}}the values differ: {told}"


def _start(same: int, longest: int, width: int) -> int:
    """Return where the window begins: at 0 where everything fits or the difference is near, else before it."""
    if longest <= width or same < width // 2:
        return 0
    return min(same - width // 3, max(0, longest - width))


def _window(text: str, start: int, width: int) -> str:
    """Return at most ``width`` characters of a text from ``start`` on; ``…`` stands where something is cut off."""
    shown = _shortened(text[start:], width)
    return _CUT + shown[len(_CUT) :] if start and shown else shown


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - len(_CUT))] + _CUT
