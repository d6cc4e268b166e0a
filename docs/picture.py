"""Make the picture of the README: the start page of the site, in a Chromium that is installed already.

``python docs/picture.py RESULTS`` takes a results folder, or the JSON document of a report, and writes
``docs/report.png``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).with_name("report.png")
QUESTION = "subject=uvicorn&version=0.11.4&python=3.6&platform=linux"  # a release that a document recommends
WIDTH, HEIGHT = 1120, 1000
NAMES = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Render the site into a temporary folder and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    results = parser.parse_args().results
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        sys.exit("no Chromium on PATH; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as driver:
        call = [sys.executable, "-m", "harness", "report", "--results", str(results), "--format", "html"]
        done = subprocess.run([*call, "--output", temporary], check=False)  # noqa: S603 - the harness itself
        if done.returncode not in {0, 1, 3}:
            sys.exit(done.returncode)
        chromium = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(f"{(Path(temporary) / 'index.html').as_uri()}#{QUESTION}")
        page.screenshot(path=PICTURE)
        chromium.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
