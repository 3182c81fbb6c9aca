"""What sends requests: people's devices, and machines."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.engine.web_agents import DEVICES, MAX_FAMILY, Agent, agent_of

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0"


@pytest.mark.parametrize(
    ("sent", "device", "os", "browser"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/120.0.0.0",
         "desktop", "Windows", "Edge"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Safari/605.1.15",
         "desktop", "Mac OS X", "Safari"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "desktop", "Linux", "Firefox"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
         "desktop", "Chrome OS", "Chrome"),
        (f"Mozilla/5.0 (iPhone; CPU OS 17_0 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
         "mobile", "iOS", "Mobile Safari"),
        (f"Mozilla/5.0 (Linux; Android 13; Pixel 7) {CHROME} Mobile Safari/537.36",
         "mobile", "Android", "Chrome Mobile"),
        (f"Mozilla/5.0 (Linux; Android 10; CUBOT_NOTE_7) {CHROME} Mobile Safari/537.36",
         "mobile", "Android", "Chrome Mobile"),
        (f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {CHROME} Safari/537.36",
         "tablet", "Android", "Chrome"),
        (f"Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
         "tablet", "iOS", "Mobile Safari"),
        (f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {CHROME} TV Safari/537.36",
         "other", "Tizen", "Chrome"),
    ],
)  # fmt: skip
def test_people_and_their_devices(sent, device, os, browser):
    assert agent_of(sent) == Agent(device, os, browser, is_bot=False, why="")


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("curl/8.0", "library"),
        ("python-requests/2.31", "library"),
        ("Go-http-client/2.0", "library"),
        ("Java/17.0.2", "library"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} HeadlessChrome/156.0.0.0 Safari/537.36",
         "headless"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "monitor"),
        ("kube-probe/1.30", "monitor"),
        ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers)", "feed"),
        ("Tiny Tiny RSS/21.05 (http://tt-rss.org/)", "feed"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler"),
        ("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/)", "crawler"),
        ("facebookexternalhit/1.1", "crawler"),
        ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", "crawler"),
        ("WhatsApp/2.23.20 A", "crawler"),
        # Only the library's list knows these.
        ("Mozilla/5.0 (compatible; Ask Jeeves/Teoma; +http://about.ask.com/)", "crawler"),
    ],
)  # fmt: skip
def test_machines_and_why(sent, why):
    agent = agent_of(sent)

    assert (agent.is_bot, agent.why) == (True, why)


def test_what_is_not_known_is_nobody_we_refuse():
    assert agent_of("Something 1.0") == Agent("other", "", "", is_bot=False, why="")


@given(sent=st.text(max_size=80))
def test_any_text_has_an_answer(sent):
    agent = agent_of(sent)

    assert agent.device in DEVICES
    assert agent.is_bot == bool(agent.why)
    assert len(agent.os) <= MAX_FAMILY
    assert len(agent.browser) <= MAX_FAMILY


def test_long_agents_are_cut():
    assert agent_of("x" * 100_000) == agent_of("x" * 512)


def test_patterns_are_read_at_the_first_agent_and_not_before():
    script = "import sys, attribution.engine.web_agents; print('ua_parser' in sys.modules)"

    done = subprocess.run(  # a process of its own: here the library is loaded long since
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
