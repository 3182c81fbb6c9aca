"""The check of what was written: every number must be one of ours, every channel too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from campaigns.engine.advice.evidence import LONGEST_NAME, Evidence, Fact
from campaigns.engine.importing.currencies import CODES

_NUMBER: Final = re.compile(
    r"(?P<sign>(?<![\w.,)])[+\-−])?"
    r"(?:(?P<money>[$€£¥]|\b[A-Z]{3}\b)\s?)?"
    r"(?P<digits>\d{1,3}(?:[ ,.'’]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    r"\s?(?P<scale>(?:[kKmM]|[mM]n|[bB]n|thousand|million|billion)(?![A-Za-z]))?"
    r"\s?(?P<percent>%|percent(?!age)|per cent|pct)?"
    r"(?P<points>\s?(?:percent(?:age)?)?[\s-]*(?:points?|pp)\b)?"
    r"(?:\s?(?P<money_after>[$€£¥]|[A-Z]{3}\b))?"
)
_SCALES: Final = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_SIGN_OF: Final = {
    **dict.fromkeys(("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN"), "$"),
    "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "¥",
}  # fmt: skip
_MONEY_MARKS: Final = CODES | frozenset("$€£¥")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
# A number in words would slip through a check of digits.
_NUMBER_WORDS: Final = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|"
    r"(?:twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|hundreds?|thousands?|"
    r"millions?|billions?|dozens?|doubl\w+|tripl\w+|quadrupl\w+|twice|thrice|half|halv\w+|thirds?|"
    r"quarters?|\w+fold)\b",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"://|\bwww\.|\bmailto:|@|[<>{}\[\]`\\]|\b[a-z0-9][\w-]*\.[a-z]{2,}\b", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"[\"“„]([^\"“”„]*)[\"”“]")
# Places to advertise that a text may not bring up when they are none of ours.
_BRANDS: Final = (
    "facebook", "instagram", "meta", "google", "youtube", "tiktok", "linkedin", "microsoft", "bing",
    "twitter", "pinterest", "snapchat", "reddit", "whatsapp", "amazon", "programmatic",
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a document, in sentences, and which facts its numbers are."""

    problems: tuple[str, ...]
    cited: tuple[str, ...]


@dataclass(frozen=True)
class Stated:
    """A number as a text states it: each way to read it, and how far it was rounded."""

    words: str
    readings: tuple[tuple[float, float], ...]
    sign: int
    is_percent: bool
    is_money: bool

    def is_of(self, fact: Fact) -> bool:
        """Whether the fact's value, rounded as it is written, is this number."""
        if self.is_percent != (fact.unit == "percent") or (self.is_money and fact.unit != "money"):
            return False
        # "Fell by 12 %" states a change of -12 %: without a sign only the amount is compared.
        value = fact.value * self.sign if self.sign else abs(fact.value)
        return any(
            abs(value - number) <= half + 1e-9 * max(1.0, abs(value))
            for number, half in self.readings
        )


def check_answer(document: Mapping[str, Any], evidence: Evidence) -> Verdict:
    """Judge a document of the right shape against the evidence.

    Parameters
    ----------
    document : as `campaigns.engine.advice.answer` describes it
    evidence : all that may be stated

    Returns
    -------
    no problem when every channel is ours, every share within its bounds, every number found in
    the evidence (a sentence that names one channel: among that channel's and the totals), and no
    text has a link, an address, markup or a character that cannot be seen
    """
    problems = [*_performers(document, evidence), *_allocation(document, evidence)]
    cited: dict[str, None] = {}
    for place, text in texts_of(document):
        problems += (f"{place}: {problem}" for problem in _text_problems(text, evidence, cited))
    return Verdict(tuple(problems), tuple(cited))


def texts_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every free text of a document, with its place."""
    yield "analysis", document["channel_comparison"]["analysis"]
    yield "trend", document["ml_predictions"]["trend"]
    yield "forecast_accuracy", document["ml_predictions"]["forecast_accuracy"]
    advised = document["recommendations"]
    for field in ("optimization", "priority_actions"):
        for place, text in enumerate(advised[field]):
            yield f"{field}[{place}]", text
    yield "summary", document["summary"]


def _performers(document: Mapping[str, Any], evidence: Evidence) -> Iterator[str]:
    comparison = document["channel_comparison"]
    for field in ("top_performer", "worst_performer"):
        if comparison[field] not in evidence.shares:
            yield f"{field}: {comparison[field]!r} is no channel of ours."
    is_same = comparison["top_performer"] == comparison["worst_performer"]
    if is_same and len(evidence.shares) > 1:
        yield "worst_performer: it cannot be the top performer too."


def _allocation(document: Mapping[str, Any], evidence: Evidence) -> Iterator[str]:
    allocation: Mapping[str, float] = document["recommendations"]["budget_allocation"]
    for channel in sorted(set(allocation) - set(evidence.shares)):
        yield f"budget_allocation: {channel!r} is no channel of ours."
    for channel in evidence.shares:
        if channel not in allocation:
            yield f"budget_allocation: {channel!r} is missing."
            continue
        low, high = evidence.bounds(channel)
        if not low - 0.0005 <= allocation[channel] <= high + 0.0005:
            yield (
                f"budget_allocation: {channel!r} may get a share from {low:.3f} to {high:.3f},"
                f" not {allocation[channel]:.3f}."
            )


def _text_problems(text: str, evidence: Evidence, cited: dict[str, None]) -> Iterator[str]:
    if any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Cn") for char in text):
        yield "it has characters that cannot be seen."
        return
    if strange := next((char for char in text if _is_strange_number(char)), None):
        yield f"write numbers in the digits 0 to 9, not as {strange!r}."
        return
    plain = unicodedata.normalize("NFKC", text)
    if found := _LINK.search(plain):
        yield f"links, addresses and markup are not allowed ({found.group(0)!r})."
        return
    plain = _QUOTED.sub(lambda match: _channel_of(match.group(1), evidence), plain)
    if left := re.search(r"[\"“”„]\s*([^\"“”„]*)", plain):
        yield f"no campaign of ours is called {left.group(1)[:LONGEST_NAME]!r}."
        return
    for sentence in re.split(r"(?<=[.!?;])\s+", plain):
        yield from _sentence_problems(sentence, evidence, cited)


def _channel_of(name: str, evidence: Evidence) -> str:
    """Put a quoted campaign's channel for it; what is no campaign of ours stays quoted."""
    channels = {one.channel for one in evidence.campaigns if one.name == name}
    if not channels:
        return f'"{name}"'
    return f" {channels.pop()} " if len(channels) == 1 else " "


def _sentence_problems(sentence: str, evidence: Evidence, cited: dict[str, None]) -> Iterator[str]:
    bare, channels = _without_channels(sentence, evidence.channels)
    folded = bare.casefold()
    if brand := next((one for one in _BRANDS if re.search(rf"\b{one}\b", folded)), None):
        yield f"{brand!r} is no channel of ours."
    if word := _NUMBER_WORDS.search(bare):
        yield f"write numbers in digits, not as {word.group(0)!r}."
    days = {evidence.since.isoformat(), evidence.until.isoformat()}
    for day in set(_DATE.findall(bare)) - days:
        yield f"the date {day} is not in the figures."
    known = [
        fact
        for fact in evidence.facts
        if len(channels) != 1 or not fact.about or fact.about in channels
    ]
    for stated in numbers_in(_DATE.sub(" ", bare), evidence.currency):
        found = [fact for fact in known if stated.is_of(fact)]
        if not found:
            yield f"the number {stated.words!r} is not in the figures."
            continue
        # Of several that fit, most likely one of the channel that the sentence is about.
        cited[min(found, key=lambda fact: fact.about not in channels).id] = None


def _without_channels(sentence: str, channels: Sequence[str]) -> tuple[str, set[str]]:
    """Take the names of our channels out of a sentence; which it names."""
    named = set()
    for channel in sorted(channels, key=len, reverse=True):
        words = r"[\s_-]+".join(map(re.escape, re.split(r"[\s_-]+", channel)))
        sentence, count = re.subn(rf"\b{words}\b", " ", sentence, flags=re.IGNORECASE)
        if count:
            named.add(channel)
    return sentence, named


def _is_strange_number(char: str) -> bool:
    return not char.isascii() and unicodedata.numeric(char, None) is not None


def numbers_in(text: str, currency: str) -> Iterator[Stated]:
    """Every number that a text states in digits.

    Parameters
    ----------
    text : without characters beyond what people write
    currency : code that marks money beside a number

    Returns
    -------
    each with its readings: `1,234` is 1234, or 1.234 as others write it; none for money of
    another currency and for points of percent, which are no figures of ours
    """
    for match in _NUMBER.finditer(text):
        scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
        marks = {match["money"], match["money_after"]} & _MONEY_MARKS
        is_other = bool(match["points"]) or not marks <= {currency, _SIGN_OF.get(currency)}
        yield Stated(
            words=match.group(0).strip(),
            readings=() if is_other else tuple(_readings(match["digits"], scale)),
            sign={"+": 1, "-": -1, "−": -1}.get(match["sign"] or "", 0),
            is_percent=bool(match["percent"]),
            is_money=bool(marks),
        )


def _readings(digits: str, scale: float) -> Iterator[tuple[float, float]]:
    """Ways to read digits with their separators: value, and half of the last place written."""
    groups = re.split(r"[ ,.'’]", digits)
    marks = re.findall(r"[ ,.'’]", digits)
    whole = float("".join(groups))
    if not marks:
        yield whole * scale, scale / 2
        return
    if all(len(group) == 3 for group in groups[1:]) and len(set(marks)) == 1:
        yield whole * scale, scale / 2
    if marks[-1] in ".," and marks.count(marks[-1]) == 1:
        places = len(groups[-1])
        value = float(f"{''.join(groups[:-1])}.{groups[-1]}")
        yield value * scale, scale * 0.5 * 10.0**-places
