"""A browser, and a set without an engine for it to show."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.control.web.page.stage import PageStage, fill

SIZES = {"tablet": (1024, 768), "tall": (768, 1024), "phone": (390, 844), "screen": (1920, 1080)}


def find_browser() -> str | None:
    """Chromium of the system; Playwright's own where it was installed."""
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
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright (extra 'dev')")
    path = find_browser()
    if path is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=user-gesture-required"]
        with playwright.chromium.launch(executable_path=path, args=arguments) as one:
            yield one


@pytest.fixture
def open_page(browser: Any, stage: PageStage) -> Iterator[Any]:
    """Opens the page at a size; fails the test for any error that the page made, and any request elsewhere."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def request(one: Any) -> None:
        if not one.url.startswith((stage.url, stage.url.replace("http", "ws"), "data:")):
            troubles.append(f"asked for {one.url}")

    def open_at(size: str = "tablet", **settings: Any) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=True, color_scheme="dark", **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", request)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.goto(stage.url)
        page.wait_for_selector("body[data-link=on] jockey-bank, body[data-link=on] .view")
        return page

    open_at.troubles = troubles  # type: ignore[attr-defined]
    yield open_at
    for context in contexts:
        context.close()
    assert troubles == []


def axe_script() -> str | None:
    """The accessibility checker's code."""
    package = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python (extra 'dev')")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
