"""Browsers and machines by the name that they send: device, system, browser, and what is a bot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_AGENT: Final = 512
MAX_FAMILY: Final = 40
DEVICES: Final = ("desktop", "mobile", "tablet", "other")

# What the library's list of crawlers leaves out, by kind; the first that fits is the reason.
_BOTS: Final = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        ("headless", r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|electron/.*test|"
                     r"cypress|jsdom|prerender|lighthouse|pagespeed|gtmetrix|wkhtmlto"),
        ("monitor", r"uptime|pingdom|statuscake|site24x7|newrelic|datadog|nagios|zabbix|check_http|"
                    r"monitor|healthcheck|kube-probe|elb-health|googlehc|catchpoint|blackbox"),
        ("feed", r"feed(?:ly|bin|burner|fetcher|parser|demon|validator|spot|press|hq|wrangler)|"
                 r"tiny tiny rss|\brss\b|newsblur|inoreader|theoldreader|netvibes|bloglines|"
                 r"akregator|liferea|magpierss|simplepie|universalfeedparser|newsbeuter"),
        ("library", r"^(?:curl|wget|python|java|go-http|ruby|php|perl|node|axios|got|okhttp|"
                    r"apache-http|guzzle|aiohttp|httpx|http\.?rb|libwww|lwp|winhttp|postman|"
                    r"insomnia|undici|faraday|typhoeus|reqwest|dart|rest-client|powershell)\b|"
                    r"python-(?:requests|urllib|httpx)|libwww-perl|httpclient|http_request2|"
                    r"scrapy|mechanize|wordpress/|jakarta|okhttp|go-http-client"),
        ("crawler", r"(?<!cu)bot(?:\b|[/;_-]|s?\.html?)|crawl|spider|slurp|archiver|scrap(?:er|y)|"
                    r"validator|fetch(?:er)?\b|facebookexternalhit|whatsapp/|"
                    r"(?:link|bing|web) ?preview|mediapartners|\+https?://|nutch|httrack|nmap|nikto|sqlmap|masscan|zgrab|"
                    r"semrush|ahrefs|gpt|claude|perplexity|bytespider"),
    )
)  # fmt: skip
_TABLET: Final = re.compile(r"ipad|tablet|kindle|silk/|playbook|nexus (?:7|9|10)\b", re.IGNORECASE)
_MOBILE: Final = re.compile(
    r"mobi|iphone|ipod|windows phone|blackberry|opera mini|symbian|kaios", re.IGNORECASE
)
_TV: Final = re.compile(
    r"smart-?tv|\btv\b|googletv|appletv|bravia|tizen.*tv|web0s|webos|crkey|roku|playstation|xbox|"
    r"nintendo|\bvr\b|watch",
    re.IGNORECASE,
)
_DESKTOP: Final = re.compile(r"windows|macintosh|mac os x|linux|x11|cros|bsd", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agent:
    """What sent a request. `why` is blank, or empty, headless, monitor, feed, library, crawler."""

    device: str
    os: str
    browser: str
    is_bot: bool
    why: str


@lru_cache(maxsize=4096)
def agent_of(user_agent: str) -> Agent:
    """Device, system and browser of an agent, and whether it is a machine that reads by itself.

    Headless browsers count as machines. An agent that is not known is a person's: it has blank
    families and the device `other`.

    Parameters
    ----------
    user_agent : header as sent; read up to 512 characters

    Returns
    -------
    device of `DEVICES`; families as ua-parser names them, at most 40 characters
    """
    # Reads 1 MB of patterns at its first call: no process pays for it that meets no agent.
    from ua_parser import parse

    text = user_agent[:MAX_AGENT].strip()
    if not text:
        return Agent("other", "", "", is_bot=True, why="empty")
    parsed = parse(text)
    why = next((reason for reason, pattern in _BOTS if pattern.search(text)), "")
    if not why and parsed.device and parsed.device.brand == "Spider":
        why = "crawler"
    return Agent(
        device=_device(text),
        os=parsed.os.family[:MAX_FAMILY] if parsed.os else "",
        browser=parsed.user_agent.family[:MAX_FAMILY] if parsed.user_agent else "",
        is_bot=bool(why),
        why=why,
    )


def _device(text: str) -> str:
    if _TV.search(text):
        return "other"
    if _TABLET.search(text):
        return "tablet"
    if _MOBILE.search(text):
        return "mobile"
    # Android says "Mobile" on phones only.
    if "android" in text.lower():
        return "tablet"
    return "desktop" if _DESKTOP.search(text) else "other"
