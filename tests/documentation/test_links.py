"""Every link of the documentation leads to a file of the repository, and to a heading that the file has."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from .pages import ROOT

FILES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "reports").glob("*.md")])


def headings(text: str) -> set[str]:
    """Return the names under which the headings of a file can be reached."""
    tokens = MarkdownIt("commonmark").parse(text)
    titles = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles}


@pytest.mark.parametrize("name", [file.relative_to(ROOT).as_posix() for file in FILES])
def test_links_lead_somewhere(name: str) -> None:
    """From the place of the file in the repository; no link leads out of the repository."""
    file = ROOT / name
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8"))
    children = (child for token in tokens for child in token.children or ())
    links = [child.attrs.get("href") or child.attrs.get("src") for child in children]
    for link in map(str, filter(None, links)):
        path, _, heading = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.is_relative_to(ROOT), link
        assert target.exists(), f"{name} links to {link}, which is not there"
        assert not heading or heading in headings(target.read_text(encoding="utf-8")), f"{name}: no heading {link}"
