"""A document that was written before, read in place of a results folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.analysis.document import Searched, document_of
from harness.analysis.search import Strategy
from harness.errors import UsageError
from harness.model.coordinates import SeriesKey
from harness.report import json_document
from harness.results.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.model.release import Release
    from harness.model.result import CellResult

KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")


def test_what_was_written_is_read_again(
    tmp_path: Path, make_release: Callable[..., Release], make_result: Callable[..., CellResult]
) -> None:
    """Results, releases, and how each history came about; there is no evidence in it."""
    releases = {"uvicorn": (make_release("0.26.0"), make_release("0.27.0", yanked=True))}
    searched = {KEY: Searched(strategy=Strategy.BISECT, seed=5)}
    result = make_result(evidence=f"evidence/{make_result().id}/20240101T000000.000000Z")
    document = document_of([result], releases=releases, claims={}, searched=searched)
    path = tmp_path / "measured.json"
    path.write_text(json_document.render(document), encoding="utf-8")
    published = Published(path, where="--since")
    assert published.document == document
    assert published.latest() == (result,)
    assert published.releases == releases
    assert published.searched == searched
    assert published.evidence_of(result) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# A page",
        b"[]",
        b"{}",
        b'{"schema_version": 1}',
        b'{"schema_version": 1, "cells": [{"id": "x"}]}',
        b'{"schema_version": "1", "cells": []}',
        b'{"schema_version": 1, "cells": [], "histories": 1}',
        b'{"schema_version": 1, "cells": [], "releases": {"\xff": []}}',
        pytest.param(b'{"schema_version": 1, "cells": [], "more": ' + b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    """With the option that named it and its name."""
    path = tmp_path / "measured.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        Published(path, where="--since")
    message = str(error.value)
    assert message.startswith(f"--since: {path} is not ")
    assert len(message.splitlines()) == 1


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """As is a folder."""
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(UsageError, match=r"^--results: .* is not "):
            Published(path, where="--results")
