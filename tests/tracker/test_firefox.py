"""The core of both scripts in Debian's Firefox ESR, which opens a page that uses itself.

Stock Firefox does not speak Playwright's protocol, so nobody holds its hand: the test sees what the
script tells.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from experiments.engine.assignment import TestPlan
from experiments.engine.changes import look_of
from experiments.engine.snippet import SiteTest, site_config
from experiments.engine.targeting import Facts
from tests.tracker.site import EVENTS_PATH, OPS_HOST, SITE_HOST, Far, Site

FIREFOX = Path("/usr/bin/firefox-esr")
# Quiet, and both names lead to this machine.
PREFERENCES = {
    "network.dns.localDomains": f"{SITE_HOST},{OPS_HOST}",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.trr.mode": 5,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.region.network.url": "",
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "http://127.0.0.1:9",
    "toolkit.telemetry.enabled": False,
    "browser.newtabpage.enabled": False,
    "dom.security.https_first": False,
    "media.gmp-manager.url": "",
}
TESTS = site_config(
    [
        SiteTest(
            TestPlan("buy", "seed", (("control", 0), ("b", 10_000))),
            {
                "b": look_of(
                    {"changes": [{"kind": "text", "selector": "#buy", "value": "Get it now"}]}
                )
            },
        )
    ],
    Facts(),
)
PRIVACY_CONTROL = {"privacy.globalprivacycontrol.enabled": True}


@contextmanager
def firefox(home: Path, url: str, **preferences: object) -> Iterator[None]:
    """Firefox with a profile of its own that looks at a page."""
    if not FIREFOX.exists():
        pytest.skip("Firefox is missing: apt-get install firefox-esr")
    profile = home / "profile"
    profile.mkdir(parents=True)
    wanted = PREFERENCES | preferences
    lines = [f'user_pref("{name}", {literal(value)});' for name, value in wanted.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = subprocess.Popen(
        [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), url],
        env={"HOME": str(home), "MOZ_CRASHREPORTER_DISABLE": "1", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def literal(value: object) -> str:
    """A value as user.js writes it."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def test_core_in_firefox(site: Site, far: Far, tmp_path: Path) -> None:
    """The first page's beacon meets an error, so the second page tells all of it once more.

    Beside it a visitor whose Firefox asks not to be tracked does the same, and nothing of it comes.
    """
    far.status, far.tests = 503, TESTS
    with (
        firefox(tmp_path / "silent", site.url("/alone?next=/last-word"), **PRIVACY_CONTROL),
        firefox(tmp_path / "told", site.url("/alone?next=/second&gclid=abc")),
    ):
        far.wait(lambda: [call for call in far.calls if call.path == EVENTS_PATH])
        far.status = 202
        far.wait(lambda: len(far.of("page_view")) == 3)
        far.wait(lambda: [call for call in far.calls if call.path == "/last"])

    alone, basket, second = far.of("page_view")
    assert alone["url"] == site.url("/alone?next=/second&gclid=abc")
    assert (basket["url"], basket["referrer"]) == (site.url("/basket?step=1"), site.url("/alone"))
    assert (second["title"], second["referrer"]) == (
        "The second page",
        site.url("/basket?step=1"),
    )
    assert far.of("click")[0]["element"]["text"] == "Get it now"
    refused = next(call for call in far.calls if call.status == 503)
    assert refused.batch["variants"] == {"buy": "b"}
    assert far.expect("form_submit")[0]["element"]["id"] == "signup"
    assert far.expect("identify")[0]["user_id"] == "u-17"
    bought = far.expect("purchase")[0]["properties"]
    assert bought == {"value": 60, "currency": "EUR", "secure": False}
    assert [event["scroll"] for event in far.of("scroll")] == [25, 50, 75, 100]
    ids = [uuid.UUID(event["id"]) for event in far.stored]
    assert {(one.version, one.variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert len({batch["visitor_id"] for batch in far.batches}) == 1
    assert {call.method for call in far.calls} == {"POST"}
    assert "last-word" not in str([call.body for call in far.calls])
