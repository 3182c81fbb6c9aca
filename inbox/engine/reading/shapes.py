"""What a message was read as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Intent = Literal[
    "purchase", "question", "objection", "complaint", "compliment", "feedback", "unsubscribe",
    "spam", "other",
]  # fmt: skip
SentimentLabel = Literal["very_negative", "negative", "neutral", "positive", "very_positive"]
Urgency = Literal["high", "medium", "low"]
Level = Literal["none", "low", "medium", "high", "very_high"]
Timing = Literal["immediate", "within_24h", "within_week"]
ObjectionType = Literal["price", "timing", "competitor", "need", "authority", "trust", "other"]
Readiness = Literal["not_ready", "considering", "ready_with_concerns", "ready"]

INTENTS: Final[tuple[Intent, ...]] = get_args(Intent)
OBJECTIONS: Final[tuple[ObjectionType, ...]] = get_args(ObjectionType)
# Lower ends of all but the first label.
_FEELINGS: Final[tuple[tuple[float, SentimentLabel], ...]] = (
    (0.6, "very_positive"),
    (0.2, "positive"),
    (-0.2, "neutral"),
    (-0.6, "negative"),
)


def sentiment_label(score: float) -> SentimentLabel:
    """Name a feeling: neutral lies strictly between −0.2 and 0.2.

    Parameters
    ----------
    score : in [-1, 1]

    Returns
    -------
    'very_negative' to −0.6, 'negative' to −0.2, 'positive' from 0.2, 'very_positive' from 0.6
    """
    if score >= 0:
        return next(label for least, label in _FEELINGS if score >= least)
    return "very_negative" if score <= -0.6 else "negative" if score <= -0.2 else "neutral"


@dataclass(frozen=True)
class Entities:
    """What a message speaks of, in its own words.

    Attributes
    ----------
    products : names that were given to look for, as they were given
    issues, requests : sentences, shortened to 160 letters
    """

    products: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()


@dataclass(frozen=True)
class PurchaseIntent:
    """How near somebody is to buying.

    Attributes
    ----------
    score : in [0, 1]
    level : 'none' below 0.1, 'low' below 0.3, 'medium' below 0.55, 'high' below 0.8, 'very_high'
    signals, barriers : names, each with the words it was seen by
    discount_pct : 0 to 30; a hint to a person
    timing : by when to answer
    """

    score: float
    level: Level
    signals: tuple[str, ...]
    barriers: tuple[str, ...]
    discount_pct: int
    timing: Timing


@dataclass(frozen=True)
class SuggestedResponse:
    """How to answer an objection.

    Attributes
    ----------
    tone : one or two words
    key_points : what to say, in order
    template : name of the kind of template that fits
    """

    tone: str
    key_points: tuple[str, ...]
    template: str


@dataclass(frozen=True)
class Objection:
    """What keeps somebody from buying.

    Attributes
    ----------
    type : 'other' where no words tell
    readiness : to buy all the same
    evidence : words it was seen by
    suggested_response : for this type
    """

    type: ObjectionType
    readiness: Readiness
    evidence: tuple[str, ...]
    suggested_response: SuggestedResponse


@dataclass(frozen=True)
class NextAction:
    """What to do, how soon, and why."""

    action: str
    priority: Urgency
    reasoning: str


@dataclass(frozen=True)
class RequiresHuman:
    """Whether a person answers, and why; without need the reason is empty."""

    flag: bool
    reason: str


@dataclass(frozen=True)
class Reading:
    """All that was read of one message.

    Attributes
    ----------
    intent, intent_confidence : the confidence is the chance that the intent is right
    strangeness : in [0, 1], how unlike all known texts
    sentiment_score, sentiment_label : in [-1, 1], and its name
    topics : most spoken of first
    keywords : words that carry the message
    language : ISO 639-1, '' where too few words tell
    objection : where there is one
    churn_risk : in [0, 1], by what the message says
    satisfaction : in [0, 1] where the message tells of an experience, else None
    reasons : sentences for a person
    """

    intent: Intent
    intent_confidence: float
    strangeness: float
    sentiment_score: float
    sentiment_label: SentimentLabel
    urgency: Urgency
    topics: tuple[str, ...]
    keywords: tuple[str, ...]
    entities: Entities
    language: str
    purchase: PurchaseIntent
    objection: Objection | None
    churn_risk: float
    satisfaction: float | None
    next_best_action: NextAction
    requires_human: RequiresHuman
    reasons: tuple[str, ...]
