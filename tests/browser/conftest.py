"""A real browser that opens generated pages: a Chromium that is installed already, driven by its own protocol.

``HARNESS_CHROMIUM`` names it, as CI does; without it, one that is found on ``PATH`` is taken, and where there is none
these tests are skipped.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Opened:
    """A page, and what happened in it: addresses that it asked for, which of them failed and by what, what was said."""

    page: Page
    asked: list[str]
    said: list[str]
    failed: dict[str, str | None]


def _refuse(said: list[str], dialog: Dialog) -> None:
    said.append(f"dialog: {dialog.message}")
    dialog.dismiss()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, without a window."""
    wanted = os.environ.get("HARNESS_CHROMIUM")
    path = shutil.which(wanted) if wanted else next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and wanted is None:
        pytest.skip("no Chromium on PATH; on Debian: apt-get install chromium")
    assert path, f"HARNESS_CHROMIUM names '{wanted}', which is not there"
    with sync_playwright() as driver:
        # Everything is local and made by the tests; the sandbox cannot be had by root, who runs them in containers.
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Open a file; ``width`` in pixels and ``scheme`` (light, dark) of the screen, ``script`` off or on."""
    contexts = []

    def open_page(path: Path, *, width: int = 1280, scheme: str = "light", script: bool = True) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            offline=True,
        )
        contexts.append(context)
        opened = Opened(page=context.new_page(), asked=[], said=[], failed={})
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.on("requestfailed", lambda request: opened.failed.update({request.url: request.failure}))
        opened.page.on("console", lambda message: opened.said.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: opened.said.append(f"error: {error}"))
        opened.page.on("dialog", functools.partial(_refuse, opened.said))
        opened.page.goto(path.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()
