"""Headless Chromium, and how it is started.

Debian's ``chromium-headless-shell`` has no window of a browser to draw around each page, and takes
a fifth of the CPU of ``chromium --headless`` to open one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_INSTALLED = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
CHROMIUM = next((path for path in _INSTALLED if path.exists()), None)
# Chromium tries to reach its makers' hosts at start; here it would only wait for refusals.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """One headless Chromium, with these flags beside the usual; its tests are skipped without."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield browser
        browser.close()
