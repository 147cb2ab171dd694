"""A browser with the page open, and a set without an engine for it to show. One browser and one page for all tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.control.web.page.stage import PageStage, fill

TABLET = {"width": 1024, "height": 768}


def find_browser() -> str | None:
    """Chromium of the system."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


@pytest.fixture(scope="module")
def stage() -> Iterator[PageStage]:
    shown = PageStage()
    fill(shown)
    yield shown
    shown.end()


@pytest.fixture(scope="module")
def troubles() -> list[str]:
    """What went wrong in the page: errors, and requests to elsewhere."""
    return []


@pytest.fixture(scope="module")
def opened(stage: PageStage, troubles: list[str]) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright (extra 'dev')")
    path = find_browser()
    if path is None:
        pytest.skip("needs Chromium (apt-get install chromium)")

    def request(one: Any) -> None:
        if not one.url.startswith(stage.url):
            troubles.append(f"asked for {one.url}")

    with (
        sync_api.sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page(viewport=TABLET, has_touch=True, color_scheme="dark")
        page.set_default_timeout(30_000)
        page.on("request", request)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.goto(stage.url)
        page.wait_for_selector("body[data-link=on] jockey-bank")
        yield page


@pytest.fixture
def page(opened: Any, troubles: list[str]) -> Iterator[Any]:
    """The page on a tablet, at *Play*. An error in it fails the test that it happened in."""
    opened.set_viewport_size(TABLET)
    opened.click("nav [data-view=play]")
    yield opened
    made = tuple(troubles)
    troubles.clear()
    assert made == ()


def axe_script() -> str:
    """Code of the checker of accessibility."""
    package = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python (extra 'dev')")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
