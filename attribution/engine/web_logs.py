"""Access logs of web servers: which lines are somebody seeing a page."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Final

from attribution.engine.web_agents import agent_of
from attribution.engine.web_drafts import Draft, Skipped, made_id

_LONGEST: Final = 20_000
_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
# Combined log format; the last two fields are missing in the common one.
_LINE: Final = re.compile(
    rf"^(\S+) \S+ .*?\[(\d\d)/(\w{{3}})/(\d{{4}}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] "
    rf"{_QUOTED} (\d{{3}}) \S+(?: {_QUOTED} {_QUOTED})?"
)
_MONTHS: Final = {name: number for number, name in enumerate(calendar.month_abbr) if name}
# What pages load and what machines read.
_ASSETS: Final = frozenset({
    "css", "js", "mjs", "map", "json", "xml", "txt", "ico", "png", "jpg", "jpeg", "gif", "svg",
    "webp", "avif", "bmp", "woff", "woff2", "ttf", "eot", "otf", "mp3", "mp4", "webm", "ogg", "wav",
    "avi", "mov", "flv", "swf", "pdf", "zip", "gz", "tgz", "bz2", "xz", "tar", "rar", "7z", "rpm",
    "deb", "dmg", "iso", "jar", "exe", "bin", "msi", "apk", "rss", "atom", "rdf", "csv", "xls",
    "xlsx", "doc", "docx", "ppt", "pptx", "torrent", "py", "c", "h", "sh", "pl", "log",
})  # fmt: skip


@dataclass(frozen=True)
class LogLine:
    """One request."""

    address: str
    at: datetime
    method: str
    target: str
    status: int
    referrer: str
    user_agent: str


def read_line(text: str) -> LogLine | None:
    r"""Read a line of an Apache or nginx access log in combined or common format.

    Parameters
    ----------
    text : one line; escapes (`\x16`, `\"`) stay as the server wrote them

    Returns
    -------
    the request; None for what is no such line
    """
    found = _LINE.match(text[:_LONGEST])
    if found is None or found[3] not in _MONTHS:
        return None
    offset = timedelta(hours=int(found[9]), minutes=int(found[10]))
    try:
        at = datetime(
            int(found[4]), _MONTHS[found[3]], int(found[2]), int(found[5]), int(found[6]),
            int(found[7]), tzinfo=timezone(offset if found[8] == "+" else -offset),
        )  # fmt: skip
    except ValueError:
        return None
    method, _, rest = found[11].partition(" ")
    target = rest.rpartition(" ")[0] if " HTTP/" in rest else rest
    referrer, agent = (("" if one in (None, "-") else one) for one in (found[13], found[14]))
    return LogLine(found[1], at, method, target, int(found[12]), referrer, agent)


def skip_reason(line: LogLine, skipped: Collection[str] = ()) -> str:
    """Say why a request is nobody seeing a page; blank where it is.

    Parameters
    ----------
    line : a request
    skipped : globs of targets that are no pages either, as `*flav=rss*`

    Returns
    -------
    method, status, redirect, odd_request, asset, excluded, bot_… or blank
    """
    if line.method != "GET":
        return "method" if line.method.isalpha() else "odd_request"
    if not line.target.startswith(("/", "http://", "https://")):
        return "odd_request"
    # A redirect is followed by a line of the page that it leads to; 304 is a page seen again.
    if 300 <= line.status < 400 and line.status != 304:
        return "redirect"
    if not (200 <= line.status < 300 or line.status == 304):
        return "status"
    path = line.target.partition("?")[0].lower()
    if path.rpartition("/")[2].rpartition(".")[2] in _ASSETS and "." in path.rpartition("/")[2]:
        return "asset"
    if any(fnmatchcase(line.target, pattern) for pattern in skipped):
        return "excluded"
    agent = agent_of(line.user_agent)
    return f"bot_{agent.why}" if agent.is_bot else ""


def log_drafts(
    lines: Iterable[str], *, base_url: str, skipped: Collection[str] = ()
) -> Iterator[Draft | Skipped]:
    """Turn lines of an access log into page views.

    Parameters
    ----------
    lines : in any order
    base_url : where the site lives, as `https://shop.example`: a log does not say
    skipped : globs of targets that are no pages

    Yields
    ------
    one draft or one reason for each line that is not blank; people are told apart by address and
    agent
    """
    seen: defaultdict[datetime, int] = defaultdict(int)
    base = base_url.rstrip("/")
    for text in lines:
        if not text.strip():
            continue
        line = read_line(text)
        if line is None:
            yield Skipped("unreadable")
            continue
        if reason := skip_reason(line, skipped):
            yield Skipped(reason)
            continue
        counter, seen[line.at] = seen[line.at], seen[line.at] + 1
        agent = agent_of(line.user_agent)
        yield Draft(
            event={
                "id": made_id(line.at, counter=counter, text=text.strip()),
                "type": "page_view",
                "url": line.target if "://" in line.target[:8] else base + line.target,
                "referrer": line.referrer,
            },
            visitor=f"{line.address}\n{line.user_agent}",
            facts={"device": agent.device, "os": agent.os, "browser": agent.browser},
        )
