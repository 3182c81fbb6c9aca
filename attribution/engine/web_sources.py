"""Where a page view came from: its campaign tags, its click id, else the page that linked to it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

MAX_SOURCE: Final = 120
MAX_TEXT: Final = 200
MAX_CLICK_ID: Final = 500
# Longer than browsers' addresses; what lies behind is cut off unread.
_MAX_URL: Final = 8192
_CACHED: Final = 8192

#: Click ids in the order that touches are named by, and the platform that hands each out.
CLICK_IDS: Final = {
    "gclid": "google", "wbraid": "google", "gbraid": "google", "fbclid": "meta",
    "ttclid": "tiktok", "li_fat_id": "linkedin", "msclkid": "microsoft",
}  # fmt: skip
_TAGS: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

_SEARCH: Final = {
    "duckduckgo.com": "duckduckgo", "ecosia.org": "ecosia", "startpage.com": "startpage",
    "qwant.com": "qwant", "search.brave.com": "brave", "naver.com": "naver", "seznam.cz": "seznam",
    "sogou.com": "sogou", "so.com": "so", "ask.com": "ask", "search.aol.com": "aol",
    "kagi.com": "kagi", "daum.net": "daum", "swisscows.com": "swisscows", "mojeek.com": "mojeek",
    "com.google.android.googlequicksearchbox": "google",
}  # fmt: skip
_SOCIAL: Final = {
    "facebook.com": "facebook", "fb.com": "facebook", "fb.me": "facebook", "messenger.com":
    "facebook", "instagram.com": "instagram", "threads.net": "threads", "threads.com": "threads",
    "twitter.com": "x", "x.com": "x", "t.co": "x", "linkedin.com": "linkedin", "lnkd.in":
    "linkedin", "com.linkedin.android": "linkedin", "tiktok.com": "tiktok", "youtube.com":
    "youtube", "youtu.be": "youtube", "pinterest.com": "pinterest", "pin.it": "pinterest",
    "reddit.com": "reddit", "redd.it": "reddit", "com.reddit.frontpage": "reddit", "snapchat.com":
    "snapchat", "tumblr.com": "tumblr", "vk.com": "vk", "ok.ru": "ok", "weibo.com": "weibo",
    "whatsapp.com": "whatsapp", "wa.me": "whatsapp", "t.me": "telegram", "telegram.org":
    "telegram", "org.telegram.messenger": "telegram", "discord.com": "discord", "xing.com": "xing",
    "quora.com": "quora", "bsky.app": "bluesky", "mastodon.social": "mastodon", "vimeo.com":
    "vimeo", "twitch.tv": "twitch", "news.ycombinator.com": "hackernews",
}  # fmt: skip
_MAIL: Final = {
    "mail.google.com": "gmail", "com.google.android.gm": "gmail", "outlook.live.com": "outlook",
    "outlook.office.com": "outlook", "outlook.office365.com": "outlook", "mail.yahoo.com":
    "yahoo_mail", "mail.aol.com": "aol_mail", "mail.proton.me": "proton", "gmx.net": "gmx",
    "web.de": "web.de", "mail.ru": "mail.ru", "mail.yandex.ru": "yandex_mail", "icloud.com":
    "icloud", "mail.zoho.com": "zoho", "fastmail.com": "fastmail",
}  # fmt: skip
_FEEDS: Final = {
    "feedly.com": "feedly", "inoreader.com": "inoreader", "newsblur.com": "newsblur",
    "theoldreader.com": "theoldreader", "feedbin.com": "feedbin", "netvibes.com": "netvibes",
    "feedspot.com": "feedspot", "bazqux.com": "bazqux", "newsletters.feedbinusercontent.com":
    "feedbin", "bloglines.com": "bloglines",
}  # fmt: skip
#: People who come back from paying or logging in came from nowhere new.
_ON_THE_WAY: Final = (
    "paypal.com", "stripe.com", "klarna.com", "adyen.com", "mollie.com", "pay.google.com",
    "accounts.google.com", "appleid.apple.com", "login.microsoftonline.com", "login.live.com",
)  # fmt: skip
_REFERRERS: Final[dict[str, tuple[str, str]]] = {
    **{host: (name, "organic") for host, name in _SEARCH.items()},
    **{host: (name, "social") for host, name in _SOCIAL.items()},
    **{host: (name, "email") for host, name in _MAIL.items()},
    **{host: (name, "feed") for host, name in _FEEDS.items()},
    **dict.fromkeys(_ON_THE_WAY, ("", "")),
    "news.google.com": ("news.google.com", "referral"),
    "docs.google.com": ("docs.google.com", "referral"),
}
# Engines with a domain in every country.
_BRANDED: Final = re.compile(
    r"(?:^|\.)(google|bing|yahoo|yandex|baidu)\.(?:com?\.)?[a-z]{2,3}$", re.ASCII
)

_PAID: Final = re.compile(
    r"^(?:.*cp[acmv].*|ppc|.*paid.*|.*retarget.*|.*remarket.*|display|banner|ads?|affiliates?)$"
)
_MEDIUMS: Final = {
    "email": "email", "e-mail": "email", "e_mail": "email", "newsletter": "email", "mail": "email",
    "sms": "sms", "text": "sms", "dm": "dm", "message": "dm", "messenger": "dm", "whatsapp": "dm",
    "organic": "organic", "seo": "organic", "social": "social", "social-network": "social",
    "social_network": "social", "sm": "social", "organic_social": "social",
    "organic-social": "social", "social_media": "social", "social-media": "social",
    "referral": "referral", "feed": "referral", "rss": "referral", "link": "referral",
}  # fmt: skip
_PLATFORMS: Final = {
    "meta": "meta", "facebook": "meta", "fb": "meta", "instagram": "meta", "ig": "meta",
    "an": "meta", "msg": "meta", "threads": "meta", "facebook.com": "meta", "instagram.com": "meta",
    "google": "google", "adwords": "google", "googleads": "google", "google_ads": "google",
    "google-ads": "google", "youtube": "google", "google.com": "google", "tiktok": "tiktok",
    "tiktok.com": "tiktok", "tt": "tiktok", "bing": "microsoft", "microsoft": "microsoft",
    "msads": "microsoft", "linkedin": "linkedin", "linkedin.com": "linkedin", "x": "x",
    "twitter": "x", "twitter.com": "x", "email": "email", "newsletter": "email", "sms": "sms",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """What a page view says about where its reader came from; all blank where it says nothing."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    click_id_kind: str = ""
    click_id: str = ""


NONE: Final = Source()


def classify(*, url: str, referrer: str, own_hosts: Collection[str]) -> Source:
    """Source of one page view: tags of the address first, then its click id, then the referrer.

    Blank where the view brings no source of its own: nothing in the address, and no referrer or
    one of the site itself, of a payment page or of a log-in. Odd input is read as far as it goes;
    nothing raises.

    Parameters
    ----------
    url, referrer : addresses as the browser sent them
    own_hosts : hosts of the site, small letters, without port; a leading www. makes no difference

    Returns
    -------
    source and medium in small letters of at most 120 characters, other texts of at most 200, a
    click id of at most 500
    """
    tagged = _tagged(url[:_MAX_URL].partition("#")[0].partition("?")[2])
    if tagged.source or not referrer:
        return tagged
    host, referred = _referred(referrer[:_MAX_URL])
    if host in own_hosts or f"www.{host}" in own_hosts or host == _referred(url[:_MAX_URL])[0]:
        return tagged
    if tagged is NONE:
        return referred
    # Tags without a source: the page that linked here is it.
    return replace(tagged, source=referred.source, medium=tagged.medium or referred.medium)


@lru_cache(maxsize=1024)
def channel_of(source: str, medium: str) -> str:
    """Channel that a source counts for, one of a fixed few.

    Parameters
    ----------
    source, medium : as :func:`classify` gives them; both blank is a direct visit

    Returns
    -------
    name of a channel as touches carry it: a platform, email, sms, dm, organic, social, referral,
    direct, or "paid" for advertising on a platform that is not known here
    """
    source, medium = source.strip().lower(), medium.strip().lower()
    if not source and not medium:
        return "direct"
    platform = _PLATFORMS.get(source, "")
    if _PAID.match(medium):
        return platform or "paid"
    return _MEDIUMS.get(medium) or platform or "referral"


@lru_cache(maxsize=_CACHED)
def _tagged(query: str) -> Source:
    if not query:
        return NONE
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, errors="replace"):
        tag = name.lower()
        if tag in CLICK_IDS or tag in _TAGS:
            found.setdefault(tag, _clean(value))
    kind = next((kind for kind in CLICK_IDS if found.get(kind)), "")
    source, medium, campaign, content, term = (found.get(tag, "")[:MAX_TEXT] for tag in _TAGS)
    if kind:
        source, medium = source or CLICK_IDS[kind], medium or "paid"
    if not (source or medium or campaign or content or term):
        return NONE
    return Source(
        source=source.lower()[:MAX_SOURCE],
        medium=medium.lower()[:MAX_SOURCE],
        campaign=campaign,
        content=content,
        term=term,
        click_id_kind=kind,
        click_id=found.get(kind, "")[:MAX_CLICK_ID],
    )


@lru_cache(maxsize=_CACHED)
def _referred(referrer: str) -> tuple[str, Source]:
    """Host of an address without www., and what it says as a referrer."""
    host = host_of(referrer)
    if not host:
        return "", NONE
    known = _known(host)
    if known is None:
        branded = _BRANDED.search(host)
        known = (branded[1], "organic") if branded else (host, "referral")
    source, medium = known
    return host, Source(source=source, medium=medium) if source else NONE


def host_of(address: str) -> str:
    """Host of an address in small letters, without port, log-in and www.; '' where it has none.

    Parameters
    ----------
    address : absolute (`https://…`, `android-app://…`) or without a scheme (`//host/…`, `host/…`)

    Returns
    -------
    at most 120 characters; an IPv6 address keeps its brackets
    """
    head, slashes, tail = address.strip().partition("://")
    if slashes and "/" not in head and "?" not in head:
        rest = tail
    else:
        rest = address.strip().removeprefix("//")
    rest = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    if rest.startswith("["):
        inside = _clean(rest[1:].partition("]")[0]).lower()[: MAX_SOURCE - 2]
        return f"[{inside}]" if ":" in inside else ""
    host = _clean(rest.partition(":")[0]).lower().rstrip(".").removeprefix("www.")
    # A path, or words: no host.
    return host[:MAX_SOURCE] if "." in host.strip(".") or host == "localhost" else ""


def _known(host: str) -> tuple[str, str] | None:
    while "." in host:
        if host in _REFERRERS:
            return _REFERRERS[host]
        host = host.partition(".")[2]
    return None


def _clean(text: str) -> str:
    """Text that a database takes: no lone surrogates, no control characters."""
    sound = text.encode("utf-8", "replace").decode()
    return "".join(c for c in sound if c.isprintable()).strip()
