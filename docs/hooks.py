"""What the site needs beyond mkdocs: every link is written as it is right in the repository, and is right in the site.

Some pages of the site are files outside of ``docs/``. A link between two pages is changed from the way between their
files to the way between their places in the site; any other link is left as it stands, for mkdocs to judge.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ELSEWHERE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "reports/README.md", "reports/strategies.md")
"""The pages outside of ``docs/``, by their paths in the repository; each has the same place in the site."""

_ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"(?<=\]\()(?P<path>[^()\s#:]+\.md)(?=[#)])")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere."""
    for path in ELSEWHERE:
        files.append(File.generated(config, path, abs_src_path=str(_ROOT / path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Change the links of one page."""
    place = page.file.src_uri
    here = place if place in ELSEWHERE else f"docs/{place}"

    def changed(link: re.Match[str]) -> str:
        file = posixpath.normpath(posixpath.join(posixpath.dirname(here), link["path"]))
        target = file if file in ELSEWHERE else file.removeprefix("docs/")
        return posixpath.relpath(target, posixpath.dirname(place) or ".")

    return _LINK.sub(changed, markdown)
