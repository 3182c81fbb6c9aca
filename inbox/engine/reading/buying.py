"""How near somebody is to buying, and what is in the way."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from inbox.engine.reading.shapes import (
    OBJECTIONS,
    Level,
    Objection,
    ObjectionType,
    PurchaseIntent,
    Readiness,
    SuggestedResponse,
    Timing,
)
from inbox.engine.reading.words import BUYING, HURRY, OBJECTING, Found, seen

MOST_DISCOUNT_PCT: Final = 30
# What the model's chance of a purchase counts where no words tell.
_OF_MODEL: Final = 0.75
# What is left of the score when a reason not to buy is named with full weight.
_OF_BARRIER: Final = 0.6
_LEVELS: Final[tuple[tuple[float, Level], ...]] = (
    (0.8, "very_high"),
    (0.55, "high"),
    (0.3, "medium"),
    (0.1, "low"),
    (0.0, "none"),
)
_DISCOUNT: Final = re.compile(
    r"\b(?:discounts?|better price|best price|price reduction|rebate|\d+ (?:percent |pct )?off)\b"
)
_ASKED_PCT: Final = re.compile(r"(\d{1,2})\s?(?:%|percent|per cent|pct)", re.IGNORECASE)
_PRICE_PCT, _RIVAL_PCT, _ASKED_ANY_PCT = 10, 15, 10
_LEAST_SCORE: Final = 0.1

_NEVER: Final = re.compile(
    r"\b(?:not interested|no thanks?|never|no interest|decided (?:not|against|to stay)"
    r"|stop (?:calling|writing)|deal ?breaker|dont need|do not need)\b"
)
_LATER: Final = re.compile(
    r"\b(?:maybe|later|next (?:quarter|year|month|spring|summer|autumn|winter)|think about it"
    r"|not sure|in (?:a few|six|three|two|\d+) months|discuss|consider\w*|compar\w+|not ready)\b"
)
_ALMOST: Final = re.compile(
    r"\b(?:would (?:buy|order|sign|take|love)|id (?:buy|order|sign|take|love)|if (?:you|it|we|the)"
    r"|but|only if|as long as|like (?:it|the|your)|love (?:it|the|your)|great (?:product|tool))\b"
)
_ANSWERS: Final[dict[ObjectionType, SuggestedResponse]] = {
    "price": SuggestedResponse(
        "understanding, concrete",
        (
            "Say that the concern about the price is fair.",
            "Name what the price includes and what it saves, with a figure of a similar customer.",
            "Offer a smaller plan, another payment rhythm or a trial before any discount.",
        ),
        "objection_price",
    ),
    "timing": SuggestedResponse(
        "relaxed",
        (
            "Accept that now is not the time.",
            "Ask what would have to happen first.",
            "Agree on a date to speak again and keep it.",
        ),
        "objection_timing",
    ),
    "competitor": SuggestedResponse(
        "respectful, factual",
        (
            "Say nothing bad about the other provider.",
            "Ask what they value there and what they miss.",
            "Name the one or two differences that matter for them, with proof.",
        ),
        "objection_competitor",
    ),
    "need": SuggestedResponse(
        "curious",
        (
            "Ask how they do it today and what it costs them.",
            "Show one case of a customer like them.",
            "If there is no need, say so and leave the door open.",
        ),
        "objection_need",
    ),
    "authority": SuggestedResponse(
        "supportive",
        (
            "Ask who decides and what matters to them.",
            "Offer a one-page summary to pass on.",
            "Offer a short call together with whoever decides.",
        ),
        "objection_authority",
    ),
    "trust": SuggestedResponse(
        "open, calm",
        (
            "Take the doubt seriously and answer it directly.",
            "Offer references, certificates or a contact at a customer.",
            "Offer a start without risk: a trial or a way out.",
        ),
        "objection_trust",
    ),
    "other": SuggestedResponse(
        "friendly, asking",
        (
            "Repeat the concern in your own words.",
            "Ask one question to find what lies behind it.",
            "Offer the next small step.",
        ),
        "objection_other",
    ),
}


def barriers_of(said: str) -> dict[ObjectionType, tuple[Found, ...]]:
    """Reasons not to buy, by type.

    Parameters
    ----------
    said : a text as `plain` writes it
    """
    found = {kind: seen(OBJECTING[kind], said) for kind in OBJECTIONS}
    return {kind: signs for kind, signs in found.items() if signs}


def purchase_of(text: str, said: str, chance: float) -> PurchaseIntent:
    """How near the writer is to buying.

    Parameters
    ----------
    text : of the message
    said : the same as `plain` writes it
    chance : of a purchase by the model, in [0, 1]

    Returns
    -------
    PurchaseIntent : signals add up like independent chances, barriers take away
    """
    signals, barriers = seen(BUYING, said), barriers_of(said)
    missed = 1 - _OF_MODEL * chance
    for sign in signals:
        missed *= 1 - sign.weight * (0.4 + 0.6 * chance)
    weight = max((sign.weight for signs in barriers.values() for sign in signs), default=0.0)
    score = min(1.0, max(0.0, (1 - missed) * (1 - _OF_BARRIER * weight)))
    level = next(name for least, name in _LEVELS if score >= least)
    return PurchaseIntent(
        score,
        level,
        tuple(map(str, signals)),
        tuple(str(sign) for signs in barriers.values() for sign in signs),
        _discount_pct(text, said, score, barriers),
        _timing(said, level),
    )


def objection_of(said: str, purchase: PurchaseIntent) -> Objection:
    """Tell what keeps the writer from buying; with type 'other' where nothing tells.

    Parameters
    ----------
    said : a text as `plain` writes it
    purchase : of the same text
    """
    barriers = barriers_of(said)
    kind = _strongest(barriers)
    evidence = tuple(dict.fromkeys(sign.words for sign in barriers.get(kind, ())))
    return Objection(kind, _readiness(said, purchase, barriers), evidence, _ANSWERS[kind])


def _strongest(barriers: dict[ObjectionType, tuple[Found, ...]]) -> ObjectionType:
    def strength(kind: ObjectionType) -> float:
        return sum(sign.weight for sign in barriers[kind])

    return max(barriers, key=strength, default="other")


def _readiness(
    said: str, purchase: PurchaseIntent, barriers: dict[ObjectionType, tuple[Found, ...]]
) -> Readiness:
    if _NEVER.search(said):
        return "not_ready"
    if purchase.level in ("high", "very_high"):
        return "ready_with_concerns" if barriers else "ready"
    if _LATER.search(said):
        return "considering"
    if _ALMOST.search(said):
        return "ready_with_concerns"
    return "considering" if purchase.level != "none" or not barriers else "not_ready"


def _discount_pct(text: str, said: str, score: float, barriers: Container[str]) -> int:
    """Choose a discount that might help, 0 where the price is not the question."""
    is_asked = bool(_DISCOUNT.search(said))
    if not is_asked and (score < _LEAST_SCORE or "price" not in barriers):
        return 0
    asked = max((int(number) for number in _ASKED_PCT.findall(text)), default=0)
    if is_asked and asked:
        return min(asked, MOST_DISCOUNT_PCT)
    found = _ASKED_ANY_PCT if is_asked else _PRICE_PCT
    return max(found, _RIVAL_PCT) if "competitor" in barriers else found


def _timing(said: str, level: Level) -> Timing:
    if level == "very_high" or (level in ("high", "medium") and seen(HURRY, said)):
        return "immediate"
    return "within_24h" if level in ("high", "medium") else "within_week"
