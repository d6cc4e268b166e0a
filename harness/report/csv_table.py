"""Results as CSV, one cell a line, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from harness import escaping

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.result import CellResult

_CELL = (
    "id",
    "scenario",
    "variant",
    "subject",
    "version",
    "python",
    "python_full",
    "platform",
    "verdict",
    "reason",
    "expected",
    "trials",
    "duration_s",
    "cached",
    "signature",
    "control",
    "evidence",
)
_ENVIRONMENT = ("interpreter", "runtime", "resolved_as_of")
COLUMNS = (*_CELL, *_ENVIRONMENT, "pins")
# A spreadsheet takes a field that begins so for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@")


def render(results: Iterable[CellResult]) -> str:
    """Return the CSV; an unknown value is empty, ``pins`` are joined as ``h11==0.14.0 uvicorn==0.27.0``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        environment = result.environment
        pins = " ".join(f"{name}=={version}" for name, version in environment.pins.items()) if environment else None
        values = [*(getattr(result, name) for name in _CELL)]
        values += [getattr(environment, name) if environment else None for name in _ENVIRONMENT]
        writer.writerow([_field(value) for value in (*values, pins)])
    return text.getvalue()


def _field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = escaping.line(str(value))
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
