"""What a visitor does: reads, asks, filters, sorts, follows a link to the evidence; at a desk, on a phone, by keys."""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from . import sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Opened

PAGES = ("index.html", "failures/some-failure.html", "cells/some-failure_default_uvicorn-0.9.0_py3.8_linux.html")
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary site."""
    return sites.write_ordinary(tmp_path_factory.mktemp("ordinary"))


def undisturbed(opened: Opened, site: Path) -> None:
    """Nothing was asked for outside of the site, and the console is silent."""
    assert opened.said == []
    assert opened.asked
    assert [address for address in opened.asked if not address.startswith(site.as_uri())] == []


def test_the_question_is_answered_at_once(site: Path, visit: Callable[..., Opened]) -> None:
    """The newest release is asked about first; another one is a choice away, and its answer can be linked to."""
    opened = visit(site / "index.html")
    page = opened.page
    assert page.inner_text("#answers li").startswith("✓ not affected\n")
    page.select_option("select[name=version]", "0.9.0")
    answer = page.inner_text("#answers li")
    assert "✗ affected" in answer
    assert "upgrade to 0.22.0 or later" in answer
    again = visit(site / "index.html")
    again.page.goto(page.url)
    again.page.reload()
    assert again.page.inner_text("#answers li") == answer
    undisturbed(opened, site)


@pytest.fixture(scope="session")
def relapsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of failures that came back, that are another system's, and that nobody could measure."""
    return sites.write_relapsed(tmp_path_factory.mktemp("relapsed"))


def asked(visit: Callable[..., Opened], site: Path, **fields: str) -> dict[str, str]:
    """Return the answers to a link, by the page of their failure; without one where they are of none."""
    given = {"subject": "uvicorn", "version": "0.1.0", "python": "3.12", "platform": "linux", **fields}
    opened = visit(site / "index.html")
    opened.page.goto(f"{opened.page.url}#{urllib.parse.urlencode(given)}")
    opened.page.reload()
    undisturbed(opened, site)
    return {
        (item.locator("a.title").count() and item.locator("a.title").get_attribute("href")) or "": item.inner_text()
        for item in opened.page.locator("#answers li").all()
    }


def test_free_releases_after_an_affected_one_are_named(relapsed: Path, visit: Callable[..., Opened]) -> None:
    """It is in the newest one again; nobody is told that there is nowhere to go, nor to go to what has it."""
    told = asked(visit, relapsed)["failures/some-failure.html"]
    assert "✗ affected" in told
    assert "free of it: 0.3.0, 0.4.0, 0.5.0, 0.6.0, 0.7.0" in told
    newest = asked(visit, relapsed, version="0.9.0")["failures/some-failure.html"]
    assert "no later release that was judged is free of it" in newest


def test_a_failure_of_another_system_does_not_concern(relapsed: Path, visit: Callable[..., Opened]) -> None:
    """Who runs Linux is told so, and not that it was not measured; who runs Windows gets the answer."""
    told = asked(visit, relapsed, version="0.3.0")
    assert "does not concern linux" in told["failures/windows-failure.html"]
    assert "not measured" not in told["failures/windows-failure.html"]
    assert told["failures/other-failure.html"].startswith("· not measured")
    assert "measured on" not in told["failures/other-failure.html"].replace("not measured", "")
    wine = asked(visit, relapsed, version="0.3.0", platform="windows-wine")
    assert "✓ not affected" in wine["failures/windows-failure.html"]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("version", "9.9", "uvicorn 9.9"),
        ("python", "2.7", "Python 2.7"),
        ("platform", "plan9", "plan9"),
        ("subject", "daphne", "daphne"),
        ("version", "<b>\u202e" + "x" * 5000, "uvicorn <b>?xxx"),
    ],
)
def test_a_link_to_what_nobody_measured_gets_no_answer(
    field: str, value: str, told: str, relapsed: Path, visit: Callable[..., Opened]
) -> None:
    """Another release's answer is not what was asked for."""
    (answer,) = asked(visit, relapsed, **{field: value}).values()
    assert answer.startswith("· unknown")
    assert f"Nothing was measured of {told}" in answer
    assert "✓" not in answer
    assert len(answer) < 200


def test_the_claim_stands_beside_the_measurement(site: Path, visit: Callable[..., Opened]) -> None:
    """What the document says, whether that is right, what to do."""
    opened = visit(site / "index.html")
    row = opened.page.inner_text(".claims tbody")
    for words in ("fixed in 0.12.0", "✗ not fixed there", "came back in 0.20.0", "upgrade to 0.22.0 or later"):
        assert words in row


def test_two_clicks_lead_to_the_bytes(site: Path, visit: Callable[..., Opened]) -> None:
    """From the claims to the failure, from its picture to the evidence, with the signature in sight."""
    opened = visit(site / "index.html")
    page = opened.page
    page.click(".claims tbody th a")
    page.click(".chart a.run.reproduced")
    assert "uvicorn 0.7.0" in page.inner_text("h1")
    assert page.inner_text(".log mark") == sites.SIGNATURE
    assert "GET / HTTP/1.1\\r\\n" in page.inner_text(".wire .sent code")
    assert "2.1 s of silence" in page.inner_text(".wire .wait")
    assert "harness run some-failure --server uvicorn==0.7.0" in page.inner_text(".yourself")
    undisturbed(opened, site)


def test_one_click_leads_from_the_answer_to_the_bytes(site: Path, visit: Callable[..., Opened]) -> None:
    """The answer has its own evidence."""
    opened = visit(site / "index.html")
    opened.page.select_option("select[name=version]", "0.9.0")
    opened.page.select_option("select[name=python]", "3.8")
    opened.page.click("#answers a:has-text('the evidence')")
    assert opened.page.url.endswith("/cells/some-failure_default_uvicorn-0.9.0_py3.8_linux.html")
    undisturbed(opened, site)


def test_a_band_tells_a_screen_reader_which_releases_it_is(site: Path, visit: Callable[..., Opened]) -> None:
    """Also where it is too narrow for words; as links, in the order of the releases."""
    opened = visit(site / "failures" / "some-failure.html", width=390)
    band = opened.page.locator(".chart .band").first
    for told in ("0.3.0: unhealthy", "0.5.0–0.7.0 (3 releases): reproduced", "0.21.0: environment-failed"):
        assert band.get_by_role("link", name=told, exact=True).count() == 1


def test_cells_are_filtered_and_sorted(site: Path, visit: Callable[..., Opened]) -> None:
    """By words, by choice, and by column; releases as releases, not as text."""
    opened = visit(site / "failures" / "some-failure.html")
    page = opened.page

    def shown() -> list[str]:
        rows = page.locator("#all-cells tbody tr:not([hidden]) td:first-child")
        return rows.all_text_contents()

    assert len(shown()) == 60
    page.fill("input[type=search]", "REASON inconclusive")
    assert shown() == ["0.8.0", "0.8.0"]
    assert page.inner_text("#shown") == "2 of 60 cells"
    page.fill("input[type=search]", "")
    page.select_option("form.filter label:has-text('Python') select", "3.12")
    page.select_option("form.filter label:has-text('verdict') select", "✗ reproduced")
    assert shown() == ["0.5.0", "0.6.0", "0.7.0", "0.9.0", "0.10.0", "0.11.0", "0.12.0", "0.13.0", "0.20.0"]
    heading = page.locator("#all-cells th").first
    heading.locator("button").click()
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert shown() == ["0.20.0", "0.13.0", "0.12.0", "0.11.0", "0.10.0", "0.9.0", "0.7.0", "0.6.0", "0.5.0"]
    undisturbed(opened, site)


def test_kinds_of_releases_differ_without_colour(site: Path, visit: Callable[..., Opened]) -> None:
    """Each has a symbol and words of its own, and none has another one's texture."""
    opened = visit(site / "failures" / "some-failure.html")
    kinds = opened.page.eval_on_selector_all(
        ".chart .run",
        """runs => [...new Set(runs.map(run => run.classList[1]))].map(kind => {
            const run = document.querySelector(`.chart .run.${kind}`);
            const style = getComputedStyle(run);
            const colourless = style.backgroundImage.replaceAll(/rgba?\\([^)]*\\)/g, "");
            return [kind, run.querySelector("b").textContent, `${colourless} ${style.backgroundSize}`];
        })""",
    )
    assert {kind for kind, _, _ in kinds} == {
        "absent",
        "reproduced",
        "unhealthy",
        "inconclusive",
        "environment-failed",
    }
    assert len({symbol for _, symbol, _ in kinds}) == len({texture for _, _, texture in kinds}) == len(kinds)


def test_the_pages_can_be_read_without_script(site: Path, visit: Callable[..., Opened]) -> None:
    """All that is measured is in the pages themselves; what needs a script is not there to be clicked in vain."""
    opened = visit(site / "index.html", script=False)
    assert "not fixed there" in opened.page.inner_text("main")
    assert not opened.page.is_visible("#question")
    failure = visit(site / "failures" / "some-failure.html", script=False)
    assert failure.page.locator("#all-cells tbody tr").count() == 60
    assert not failure.page.is_visible("form.filter")


def test_the_keyboard_is_enough(site: Path, visit: Callable[..., Opened]) -> None:
    """The first stop skips to the content; from a band, Enter opens the evidence."""
    opened = visit(site / "failures" / "some-failure.html")
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.focus(".chart a.run.reproduced")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cells/*")
    assert "reproduced" in page.inner_text("h1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_screen_readers_and_weak_eyes_are_served(
    name: str, scheme: str, site: Path, visit: Callable[..., Opened]
) -> None:
    """No breach of the rules that a machine can check: names, roles, structure, contrast."""
    opened = visit(site / name, scheme=scheme)
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_the_screen(name: str, width: int, scheme: str, site: Path, visit: Callable[..., Opened]) -> None:
    """Nothing has to be scrolled sideways; the pictures are kept to be looked at."""
    opened = visit(site / name, width=width, scheme=scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    colour = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(int(part) for part in colour[4:-1].split(",")[:3]) < 384
    assert dark == (scheme == "dark")
    SHOTS.mkdir(parents=True, exist_ok=True)
    opened.page.screenshot(path=SHOTS / f"{Path(name).parent.name or 'start'}-{width}-{scheme}.png")
    undisturbed(opened, site)
