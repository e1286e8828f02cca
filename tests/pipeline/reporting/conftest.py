"""A real browser without a network, in which pages are opened from disk as a reader opens them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings.params import Params, load_params
from tests.pipeline.reporting import looked_at

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
)
Opening = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of a file. It ends with it: its event loop would disturb tests that start their own."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("the page is tested in a browser: on Debian and Ubuntu, apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, headless=True, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Opening]:
    """Open a page: ``opened(path, width=1400, dark=False)``. At the end, no page may have met an error or a network."""
    contexts, faults = [], []

    def open_page(path: Path, *, width: int = 1400, height: int = 900, dark: bool = False) -> Any:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else faults.append(one.url)
        )
        page.goto(path.resolve().as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture(scope="session")
def made_to_look_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of `looked_at`, made once; tests that write copy it."""
    folder = tmp_path_factory.mktemp("looked_at")
    looked_at.make(folder)
    return folder


@pytest.fixture
def looking(made_to_look_at: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """The settings of that corpus, in whose folder the test runs."""
    monkeypatch.chdir(made_to_look_at)
    return load_params(Path("params.yaml"))
