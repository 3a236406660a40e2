"""Debian's chromium, driven by Playwright; where it is absent the tests of the page skip."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here: apt-get install chromium"
)
PATIENCE_MS = 90_000
"""What is waited for takes a second on a quiet machine; in CI others use the processor too."""
Open = Callable[..., Any]


def launched() -> Iterator[Any]:
    """A browser, closed after use."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="make test sets playwright up")
    sync_api.expect.set_options(timeout=PATIENCE_MS)
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def watched(browser: Any) -> Iterator[Open]:
    """Open a page and watch it: at the end there was no error and no request to another host."""
    contexts, faults, asked = [], [], []

    def open_(address: str, *, context: Any = None, **how: Any) -> Any:
        made = context or browser.new_context(**{"viewport": DESK, **how})
        contexts.append(made)
        made.set_default_timeout(PATIENCE_MS)
        tab = made.new_page()
        tab.on(
            "console",
            lambda message: (
                faults.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(address)
        tab.wait_for_selector("html[data-drawn=whole]")
        return tab

    yield open_
    for context in contexts:
        context.close()
    assert faults == []
    elsewhere = [
        url for url in asked if not url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:"))
    ]
    assert elsewhere == []
