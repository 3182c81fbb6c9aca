"""How urgent a message is, who might leave, what to do, and whether a person does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inbox.engine.reading.shapes import Intent, NextAction, RequiresHuman, Urgency
from inbox.engine.reading.words import CALM, HURRY, LEAVING, SENSITIVE, Found, seen
from workspaces.formats import share

SURE_FROM: Final = 0.80
STRANGE_FROM: Final = 0.98
_HURRY_FROM: Final = 0.5
_FURIOUS_TO: Final = -0.6
_CHURN_HIGH: Final = 0.6
_SPOKEN: Final = frozenset(("", "en"))
_CALM_INTENTS: Final = frozenset(("compliment", "feedback", "spam", "other", "unsubscribe"))


@dataclass(frozen=True)
class Facts:
    """What is known of a message when it is decided about."""

    said: str
    intent: Intent
    confidence: float
    strangeness: float
    feeling: float
    language: str
    is_opt_out: bool


def urgency_of(facts: Facts) -> tuple[Urgency, tuple[Found, ...]]:
    """How long it may wait, and the words that say so.

    Parameters
    ----------
    facts : of the message
    """
    if facts.intent in ("spam", "unsubscribe"):
        return "low", ()
    hurry = seen(HURRY, facts.said)
    if calm := seen(CALM, facts.said):
        return "low", calm
    if sum(sign.weight for sign in hurry) >= _HURRY_FROM:
        return "high", hurry
    if facts.intent == "complaint" and facts.feeling <= _FURIOUS_TO:
        return "high", ()
    return ("low" if facts.intent in _CALM_INTENTS else "medium"), ()


def churn_of(facts: Facts) -> tuple[float, tuple[Found, ...]]:
    """Chance that the writer leaves, by what the message says, and the words that say so.

    Parameters
    ----------
    facts : of the message

    Returns
    -------
    (score in [0, 1], signs) : 0 for spam
    """
    if facts.intent == "spam":
        return 0.0, ()
    signs = seen(LEAVING, facts.said)
    stays = 1.0
    for sign in signs:
        stays *= 1 - sign.weight
    if facts.intent == "complaint":
        stays *= 0.75
    stays *= 1 - 0.3 * max(0.0, -facts.feeling)
    return 1 - stays, signs


def action_of(facts: Facts, urgency: Urgency, churn: float, level: str) -> NextAction:
    """Choose what to do next.

    Parameters
    ----------
    facts : of the message
    urgency : of it
    churn : as `churn_of` says
    level : of the intent to buy
    """
    if facts.intent == "complaint":
        if urgency == "high" or churn >= _CHURN_HIGH:
            return NextAction(
                "escalate", "high", "A complaint that is urgent or may cost the customer."
            )
        return NextAction("apologise_and_solve", "medium", "A complaint waits for a person.")
    if facts.intent == "purchase":
        if level in ("high", "very_high"):
            return NextAction("close_the_sale", "high", "The writer is near to buying.")
        return NextAction("send_offer", "medium", "The writer thinks of buying.")
    if churn >= _CHURN_HIGH and facts.intent not in ("spam", "unsubscribe"):
        return NextAction("keep_the_customer", "high", "The writer speaks of leaving.")
    if facts.intent == "unsubscribe" and not facts.is_opt_out:
        return NextAction(
            "confirm_unsubscribe", "high", "It reads as if no more messages are wanted."
        )
    action, priority, reasoning = _ACTIONS[facts.intent]
    return NextAction(action, "high" if urgency == "high" else priority, reasoning)


_ACTIONS: Final[dict[Intent, tuple[str, Urgency, str]]] = {
    "question": ("answer", "medium", "A question waits for its answer."),
    "objection": ("handle_objection", "medium", "Something is in the way of buying."),
    "compliment": ("thank", "low", "Kind words deserve a thank you."),
    "feedback": ("thank_and_pass_on", "low", "An idea belongs to those who can use it."),
    "unsubscribe": ("unsubscribe", "low", "No more messages are wanted; done at once."),
    "spam": ("close", "low", "Spam is closed without a reply."),
    "other": ("look_at", "low", "It fits none of the known intents."),
}  # fmt: skip

_ALWAYS: Final[dict[Intent, str]] = {
    "complaint": "complaints are answered by a person",
    "objection": "objections are answered by a person",
    "unsubscribe": "the reply to somebody who leaves is a person's; leaving is carried out at once",
}


def human_of(facts: Facts, urgency: Urgency) -> RequiresHuman:
    """Whether a person answers, by the rules of the inbox.

    Parameters
    ----------
    facts : of the message
    urgency : of it
    """
    reasons = [_ALWAYS[facts.intent]] if facts.intent in _ALWAYS else []
    if facts.intent == "unsubscribe" and not facts.is_opt_out:
        reasons = ["it reads as if no more messages are wanted, in no words known for that"]
    if urgency == "high":
        reasons.append("it is urgent")
    if facts.confidence < SURE_FROM:
        reasons.append(f"the intent is only {share(facts.confidence)} sure")
    if facts.language not in _SPOKEN:
        reasons.append(f"it is written in another language ({facts.language})")
    if facts.strangeness >= STRANGE_FROM and not facts.is_opt_out:
        reasons.append("it is like no known message")
    if facts.intent != "spam":
        sensitive = seen(SENSITIVE, facts.said)
        reasons += [f"it speaks of {sign.name} (“{sign.words}”)" for sign in sensitive]
    told = "; ".join(reasons)
    return RequiresHuman(bool(reasons), told[:1].upper() + told[1:])
