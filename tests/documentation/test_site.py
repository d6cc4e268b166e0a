"""The site builds without a warning, asks nobody else for anything, and documents all that an author can import."""

from __future__ import annotations

import html.parser
import pkgutil
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import filelock
import pytest

import harness
from harness import cli, subjects

from .pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LOADING = {"audio", "embed", "iframe", "img", "input", "link", "object", "script", "source", "track", "use", "video"}
ADDRESSES = {"data", "href", "poster", "src", "srcset", "xlink:href"}
FOREIGN = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, built once for all workers; any warning fails the build."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "site"
    with filelock.FileLock(f"{folder}.lock"):
        if not folder.exists():
            call = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]  # quiet counts none
            done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
            assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Loaded(html.parser.HTMLParser):
    """Collects the addresses that a browser loads by itself when it shows a page."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the addresses of one tag."""
        if tag in LOADING:
            self.addresses += [value for name, value in attrs if name in ADDRESSES and value]
        self.addresses += [found for name, value in attrs if name == "style" for found in in_style(value or "")]


def in_style(text: str) -> list[str]:
    """Return the addresses that a style sheet loads."""
    return re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)", text)


def test_the_pages_load_nothing_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture of another host."""
    found = {}
    for page in site.rglob("*.html"):
        loaded, text = Loaded(), page.read_text(encoding="utf-8")
        loaded.feed(text)
        styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        found[page] = [*loaded.addresses, *(address for style in styles for address in in_style(style))]
    for sheet in site.rglob("*.css"):
        found[sheet] = in_style(sheet.read_text(encoding="utf-8"))
    assert sum(map(len, found.values())) > len(found), "no page loads anything: nothing was looked at"
    assert [(place, one) for place, addresses in found.items() for one in addresses if FOREIGN.match(one)] == []


def test_a_browser_asks_no_other_host(site: Path) -> None:
    """Every page has the policy by which a browser refuses what a script of the theme would load from elsewhere."""
    for page in set(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert policy.startswith("default-src 'self';")
        assert not re.search(r"[a-z*]\.|\*|https?:", policy)


def test_all_that_authors_import_is_documented(site: Path) -> None:
    """By its docstring, under its own name: what `harness` exports, and every subject."""
    text = "".join(page.read_text(encoding="utf-8") for page in (site / "authors").rglob("*.html"))
    names = [f"harness.{name}" for name in harness.__all__]
    names += [one.name for one in pkgutil.iter_modules(subjects.__path__, f"{subjects.__name__}.")]
    assert [name for name in names if f'id="{name}"' not in text] == []


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_option_is_documented(site: Path, command: str) -> None:
    """Of every command, as click itself has the options."""
    text = (site / "commands" / "index.html").read_text(encoding="utf-8")
    found = cli.cli.get_command(None, command)  # type: ignore[arg-type]  # the context is for subclasses
    assert found is not None
    section = text.partition(f'id="{command}"')[2].partition("<h2")[0]
    names = [name for parameter in found.params for name in parameter.opts if name.startswith("--")]
    assert [name for name in names if name not in section] == []
