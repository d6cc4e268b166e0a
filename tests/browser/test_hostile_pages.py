"""Evidence in which a server, a shard and a scenario said the worst that they can, in a real browser."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from . import sites

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Opened


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hostile site."""
    return sites.write_hostile(tmp_path_factory.mktemp("hostile") / "site")


def pages(site: Path) -> list[Path]:
    """Return its pages: the start, a failure, two cells."""
    found = sorted(site.rglob("*.html"))
    assert len(found) == 4
    return found


def test_nothing_is_written_outside_of_the_folder(site: Path) -> None:
    """The ids say ``../../``."""
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_nothing_acts(site: Path, visit: Callable[..., Opened]) -> None:
    """No script runs, no dialog opens, nothing is asked for, no element comes from a text, no policy has to step in."""
    for path in pages(site):
        opened = visit(path)
        page = opened.page
        assert opened.said == []
        assert [address for address in opened.asked if not address.startswith(site.as_uri())] == []
        assert page.evaluate("window.hacked") is None
        assert page.locator("img, svg, iframe, object, style, [onerror], [onload], [style]").count() == 0
        assert page.locator("script").count() == {"index.html": 2, "cells": 0}.get(
            path.name if path.name == "index.html" else path.parent.name, 1
        )
        targets = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        assert [target for target in targets if not target.startswith(site.as_uri())] == []


def test_the_text_is_there_and_harmless(site: Path, visit: Callable[..., Opened]) -> None:
    """It can be read as it was said, in characters that turn nothing around and hide nothing."""
    for path in pages(site):
        text = visit(path).page.evaluate("document.body.textContent")
        assert "<script>window.hacked=1;alert(1)</script>" in text
        assert "\\u202egnp.exe" in text
        assert "{{7*7}}" in text
        assert not [one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Cs"} and one != "\n"]


def test_the_policy_would_step_in(site: Path, visit: Callable[..., Opened]) -> None:
    """Even a script that got into a page does not run: neither in the page nor as an attribute."""
    opened = visit(site / "index.html")
    outcome = opened.page.evaluate(
        """() => {
            const script = document.createElement("script");
            try { script.textContent = "window.hacked = 2"; document.body.append(script); } catch { }
            try { document.body.setAttribute("onclick", "window.hacked = 3"); } catch { }
            document.body.click();
            return window.hacked ?? null;
        }"""
    )
    assert outcome is None
    assert any("Content Security Policy" in line or "Trusted" in line for line in opened.said)


def test_even_a_page_that_was_altered_sends_nothing_out(
    site: Path, tmp_path: Path, visit: Callable[..., Opened]
) -> None:
    """Markup that got into a page of evidence loads nothing from elsewhere."""
    (cell, *_) = sorted((site / "cells").iterdir())
    altered = cell.read_text(encoding="utf-8").replace(
        "<h1>", '<img src="http://127.0.0.1:9/x"><script>window.hacked=1</script><h1>', 1
    )
    (tmp_path / "altered.html").write_text(altered, encoding="utf-8")
    opened = visit(tmp_path / "altered.html")
    assert opened.failed["http://127.0.0.1:9/x"] == "csp"
    assert opened.page.evaluate("window.hacked") is None
