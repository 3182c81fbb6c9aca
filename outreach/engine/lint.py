"""What keeps a message from arriving, from being read, or from being lawful."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from outreach.engine.lint_page import Page, contrast, read_page
from outreach.engine.sms_text import sms_size

Severity = Literal["error", "warning", "hint"]
_ORDER: Final[dict[str, int]] = {"error": 0, "warning": 1, "hint": 2}

# Characters a channel takes; WhatsApp's body of a template 1,024, of a free reply 4,096.
LIMITS: Final = {
    "instagram": 1_000, "facebook": 2_000, "whatsapp": 1_024, "twitter": 10_000,
    "linkedin": 8_000, "sms": 1_600, "chat": 5_000,
}  # fmt: skip
CLIPPED_FROM: Final = 102_000  # bytes after which Gmail cuts a page off
LONG_SUBJECT: Final = 60
SMS_SEGMENTS: Final = 3
LEAST_CONTRAST: Final = 4.5  # WCAG 2.2, 1.4.3

_SHORTENERS: Final = frozenset([
    "bit.ly", "tinyurl.com", "goo.gl", "t.co", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly",
    "rb.gy", "shorturl.at", "tiny.cc", "bl.ink", "lnkd.in", "t.ly", "s.id",
])  # fmt: skip
_EMPTY_WORDS: Final = re.compile(
    r"(?:click )?here|click|this|link|this link|read more|more|learn more|go|details", re.IGNORECASE
)
_BRACES: Final = re.compile(
    r"\{\{|\}\}|\{%|%\}|\[(?:first|last)?_?name\]|%%\w+%%|\*\|\w+\|\*", re.IGNORECASE
)
_UNSUBSCRIBE: Final = re.compile(
    r"unsubscribe|opt[ -]?out|abmelden|abbestellen|d[ée]sabonner|d[ée]sinscri|darse de baja"
    r"|cancelar|disiscriv|afmelden|uitschrijven|preferences",
    re.IGNORECASE,
)
_STOP: Final = re.compile(r"\b(?:stop|opt ?out|unsubscribe|quit|end)\b", re.IGNORECASE)
_SPAM: Final = re.compile(
    r"100 ?% free|act now|risk[- ]free|no obligation|you(?:'ve| have) won|winner!|cash bonus"
    r"|earn \$|make money|double your|guaranteed income|once in a lifetime|this is not spam"
    r"|urgent response|dear friend|lowest price ever|click below|limited time only|order now!",
    re.IGNORECASE,
)
_RE: Final = re.compile(r"^\s*(?:re|fwd?|aw|wg)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """A message as one recipient gets it.

    Attributes
    ----------
    channel : 'email', 'sms', 'whatsapp', …
    subject, text, html : rendered; empty where the channel has none
    is_marketing : whether the law of marketing holds
    postal_address : of the sender, as it has to be found in marketing mail
    unsubscribe_url : the recipient's own
    """

    channel: str
    subject: str = ""
    text: str = ""
    html: str = ""
    is_marketing: bool = True
    postal_address: str = ""
    unsubscribe_url: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that a person should look at.

    Attributes
    ----------
    severity : 'error' keeps a text from being used, 'warning' asks, 'hint' advises
    rule : its name, the same for good
    place : 'subject', 'text', 'html', with what was found there
    advice : what to do, in a sentence
    """

    severity: Severity
    rule: str
    place: str
    advice: str


def lint(message: Message) -> list[Finding]:
    """Look a rendered message over.

    Parameters
    ----------
    message : rendered for one recipient, or with its samples

    Returns
    -------
    findings, errors first, then in the order of the rules
    """
    page = read_page(message.html, message.text)
    rules = _EMAIL_RULES if message.channel == "email" else _SHORT_RULES
    found = [finding for rule in (*rules, *_ALL_RULES) for finding in rule(message, page)]
    return sorted(found, key=lambda finding: _ORDER[finding.severity])


def _unsubscribe(message: Message, page: Page) -> Iterator[Finding]:
    if not message.is_marketing:
        return
    own = message.unsubscribe_url
    is_there = (own and (own in message.html or own in message.text)) or any(
        _UNSUBSCRIBE.search(f"{link.label} {link.url}") for link in page.links
    )
    if not is_there and not (not page.has_html and _UNSUBSCRIBE.search(message.text)):
        yield Finding("error", "unsubscribe", "html", "Add a link to {{ unsubscribe_url }}.")


def _address(message: Message, page: Page) -> Iterator[Finding]:
    if not message.is_marketing:
        return
    if not message.postal_address:
        yield Finding(
            "error", "postal-address", "html", "Give the workspace a postal address (CAN-SPAM)."
        )
    elif _squeezed(message.postal_address) not in _squeezed(f"{page.words} {message.text}"):
        yield Finding("error", "postal-address", "html", "Add {{ postal_address }} at the end.")


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def _text_part(message: Message, page: Page) -> Iterator[Finding]:
    if page.has_html and not message.text.strip():
        yield Finding("error", "text-part", "text", "Add a text part; some readers show only that.")
    if not page.has_html and not message.text.strip():
        yield Finding("error", "empty", "text", "Write something.")


def _subject(message: Message, page: Page) -> Iterator[Finding]:
    subject = message.subject
    letters = [char for char in subject if char.isalpha()]
    if not subject.strip():
        yield Finding("error", "subject-missing", "subject", "Write a subject.")
    if len(subject) > LONG_SUBJECT:
        yield Finding(
            "warning", "subject-long", "subject",
            f"Shorten it to {LONG_SUBJECT} characters; phones show about 40.",
        )  # fmt: skip
    if len(letters) >= 8 and sum(map(str.isupper, letters)) > 0.6 * len(letters):
        yield Finding("warning", "subject-shouting", "subject", "Write it in small letters.")
    if re.search(r"[!?]{2,}|!.*!", subject) or re.search(r"[$€£]{2,}", subject):
        yield Finding("warning", "subject-marks", "subject", "One exclamation mark is enough.")
    if _RE.match(subject):
        yield Finding(
            "error", "subject-false-reply", "subject", "Leave out 'Re:' and 'Fwd:'; it is no reply."
        )


def _pictures(message: Message, page: Page) -> Iterator[Finding]:
    shown = [picture for picture in page.pictures if not picture[2]]
    for url, alt, _ in shown:
        if alt is None:
            yield Finding(
                "error", "alt", f"html: {url[:60]}",
                'Describe the picture in alt, or write alt="" where it only decorates.',
            )  # fmt: skip
    if (
        shown
        and len(page.words) < 20 * len(shown)
        and len(re.sub(r"\[.*?\]", "", page.words)) < 100
    ):
        yield Finding(
            "warning", "image-only", "html", "Say it in words too; many see no pictures at first."
        )


def _links(message: Message, page: Page) -> Iterator[Finding]:
    for link in page.links:
        place = f"html: {link.label[:40] or link.url[:60]}"
        parts = _parts(link.url)
        if not link.label:
            yield Finding(
                "error", "link-empty", place, "Give the link words, or its picture an alt."
            )
        elif _EMPTY_WORDS.fullmatch(link.label.strip(" .!→»>")):
            yield Finding(
                "warning", "link-words", place, "Say where it leads: 'See the summer sale'."
            )
        if parts[0] == "http":
            yield Finding("warning", "link-http", place, "Use https://.")
        if parts[1].removeprefix("www.") in _SHORTENERS:
            yield Finding(
                "warning",
                "link-shortener",
                place,
                "Use the full address; filters distrust short ones.",
            )
        label = _parts(link.label if "://" in link.label else "")
        if label[1] and label[1].removeprefix("www.") != parts[1].removeprefix("www."):
            yield Finding(
                "error", "link-deceives", place, "The words name one site and the link another."
            )


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
        return parts.scheme, (parts.hostname or "").lower()
    except ValueError:
        return "", ""


def _structure(message: Message, page: Page) -> Iterator[Finding]:
    if not page.has_html:
        return
    if not page.language or page.language == "und":
        yield Finding("warning", "language", "html", 'Name the language: <html lang="en">.')
    skipped = [
        after for before, after in zip(page.headings, page.headings[1:], strict=False)
        if after > before + 1
    ]  # fmt: skip
    if skipped:
        yield Finding("hint", "headings", f"html: h{skipped[0]}", "Do not leave out a level.")
    harmful = page.tags & {"script", "form", "iframe", "object", "embed", "video", "audio"}
    for tag in sorted(harmful):
        yield Finding(
            "error", "tag", f"html: <{tag}>", "Mail readers drop it; link to a page instead."
        )
    size = len(message.html.encode())
    if size > CLIPPED_FROM:
        yield Finding(
            "warning",
            "clipped",
            "html",
            f"Gmail cuts off after 102 kB; this has {size // 1000} kB.",
        )


def _contrast(message: Message, page: Page) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for words, colour, background in page.texts:
        if not colour or (colour, background) in seen:
            continue
        seen.add((colour, background))
        ratio = contrast(colour, background or "#ffffff")
        if ratio is not None and ratio < LEAST_CONTRAST:
            yield Finding(
                "warning", "contrast", f"html: {words[:40]}",
                f"{colour} on {background or 'white'} is {ratio:.1f}:1; it takes 4.5:1.",
            )  # fmt: skip


def _length(message: Message, page: Page) -> Iterator[Finding]:
    limit = LIMITS.get(message.channel)
    if not message.text.strip():
        yield Finding("error", "empty", "text", "Write something.")
    if limit and len(message.text) > limit:
        yield Finding(
            "error", "too-long", "text",
            f"{len(message.text):,} characters; {message.channel} takes {limit:,}.",
        )  # fmt: skip
    if message.channel == "sms" and len(message.text) <= LIMITS["sms"]:
        yield from _segments(message.text)


def _segments(text: str) -> Iterator[Finding]:
    size = sms_size(text)
    if size.segments > SMS_SEGMENTS:
        yield Finding(
            "warning", "segments", "text", f"{size.segments} segments are paid for; shorten it."
        )
    if size.costly and size.segments > 1:
        yield Finding(
            "warning", "ucs2", f"text: {' '.join(size.costly[:5])}",
            "These characters more than halve what a segment holds; write it without them.",
        )  # fmt: skip
    for link in size.broken_links:
        yield Finding("hint", "link-broken", f"text: {link[:60]}", "Move it to the front.")


def _stop_words(message: Message, page: Page) -> Iterator[Finding]:
    if message.channel == "sms" and message.is_marketing and not _STOP.search(message.text):
        yield Finding("error", "unsubscribe", "text", "Say how to end it: 'Reply STOP to end'.")


def _short_links(message: Message, page: Page) -> Iterator[Finding]:
    for match in re.finditer(r"https?://\S+", message.text):
        scheme, host = _parts(match[0])
        if host.removeprefix("www.") in _SHORTENERS:
            yield Finding(
                "warning", "link-shortener", f"text: {match[0][:60]}",
                "Use the full address; carriers block short ones.",
            )  # fmt: skip
        if scheme == "http":
            yield Finding("warning", "link-http", f"text: {match[0][:60]}", "Use https://.")


def _left_over(message: Message, page: Page) -> Iterator[Finding]:
    for place, text in (
        ("subject", message.subject),
        ("text", message.text),
        ("html", message.html),
    ):
        body = re.sub(r"<style\b.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL | re.IGNORECASE)
        match = _BRACES.search(body)
        if match:
            around = body[max(0, match.start() - 10) : match.end() + 20]
            yield Finding(
                "error", "left-over", f"{place}: {' '.join(around.split())}", "Fill the blank in."
            )


def _spam_words(message: Message, page: Page) -> Iterator[Finding]:
    for place, text in (("subject", message.subject), ("text", page.words)):
        for match in list(_SPAM.finditer(text))[:3]:
            yield Finding("warning", "spam-words", f"{place}: {match[0]}", "Say it in other words.")
    letters = [char for char in page.words if char.isalpha()]
    if len(letters) > 60 and sum(map(str.isupper, letters)) > 0.5 * len(letters):
        yield Finding("warning", "shouting", "text", "Write it in small letters.")


_Rule = Callable[[Message, Page], Iterator[Finding]]
_EMAIL_RULES: Final[tuple[_Rule, ...]] = (
    _unsubscribe, _address, _text_part, _subject, _pictures, _links, _structure, _contrast,
)  # fmt: skip
_SHORT_RULES: Final[tuple[_Rule, ...]] = (_length, _stop_words, _short_links)
_ALL_RULES: Final[tuple[_Rule, ...]] = (_left_over, _spam_words)
