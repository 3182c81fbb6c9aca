"""Where a visitor stands, by rules that a sentence explains, and how engaged a session was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Days without a visit after which a customer counts as at risk.
AT_RISK_DAYS: Final = 60
#: Sessions from which on somebody who came back is engaged, whatever they did.
ENGAGED_SESSIONS: Final = 2
#: Score of one session from which on somebody is engaged.
ENGAGED_SCORE: Final = 40

# Points of a session, each part with its top: together 100.
PAGE_POINTS: Final = 5
PAGE_TOP: Final = 25
MINUTE_POINTS: Final = 5
MINUTE_TOP: Final = 25
SCROLL_TOP: Final = 15
INTERACTION_POINTS: Final = 3
INTERACTION_TOP: Final = 15
STAGE_POINTS: Final = {"product": 5, "cart": 10, "checkout": 15, "conversion": 20}


class Stage(StrEnum):
    """Where a visitor stands; nobody is asked, what they did says it."""

    NONE = ""
    ENGAGED = "engaged"
    LEAD = "lead"
    CUSTOMER = "customer"
    AT_RISK = "at_risk"


@dataclass(frozen=True)
class Behaviour:
    """What is known about a visitor.

    `purchases` are conversions that bring money, `leads` all others; `is_crm_customer` and
    `is_crm_lead` are what the CRM says of the person behind the visitor, where it is known.
    """

    sessions: int = 0
    best_score: int = 0
    leads: int = 0
    purchases: int = 0
    last_seen: datetime | None = None
    is_crm_customer: bool = False
    is_crm_lead: bool = False


@dataclass(frozen=True)
class Standing:
    """A stage, and the sentence that says why."""

    stage: Stage
    reason: str


def standing_of(
    behaviour: Behaviour, *, now: datetime, at_risk_days: int = AT_RISK_DAYS
) -> Standing:
    """Lifecycle stage of a visitor, by the first rule that holds.

    A customer who stayed away for `at_risk_days` and longer is at risk; who bought, or is a
    customer in the CRM, is a customer; who left a lead, here or in the CRM, is a lead; who came
    twice or had one session of 40 points is engaged; all others have no stage.

    Parameters
    ----------
    behaviour : what is known about the visitor
    now : the moment that is judged
    at_risk_days : days of absence, at least 1

    Returns
    -------
    stage and reason; the reason is a sentence with the figures that decided

    Raises
    ------
    ValueError : `at_risk_days` is below 1
    """
    if at_risk_days < 1:
        raise ValueError(f"at_risk_days is {at_risk_days}: it must be at least 1")
    b = behaviour
    if b.purchases or b.is_crm_customer:
        return _customer(b, now, at_risk_days)
    if b.leads or b.is_crm_lead:
        how = _counted(b.leads, "conversion") + " without money" if b.leads else "a deal in the CRM"
        return Standing(Stage.LEAD, f"A lead by {how}, and nothing bought yet.")
    if b.sessions >= ENGAGED_SESSIONS:
        return Standing(Stage.ENGAGED, f"Engaged: came {b.sessions} times and left nothing yet.")
    if b.best_score >= ENGAGED_SCORE:
        return Standing(
            Stage.ENGAGED,
            f"Engaged: one session of {b.best_score} points, and {ENGAGED_SCORE} are enough.",
        )
    return Standing(
        Stage.NONE,
        f"No stage yet: {_counted(b.sessions, 'session')}, the best of {b.best_score} points.",
    )


def _customer(b: Behaviour, now: datetime, at_risk_days: int) -> Standing:
    how = _counted(b.purchases, "purchase") if b.purchases else "the CRM's word"
    away = (now - b.last_seen) if b.last_seen else timedelta(0)
    if away >= timedelta(days=at_risk_days):
        return Standing(
            Stage.AT_RISK,
            f"A customer by {how} who was last seen {away.days} days ago; "
            f"from {at_risk_days} days on that is a risk.",
        )
    return Standing(Stage.CUSTOMER, f"A customer by {how}.")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def engagement_score(
    *, pages: int, seconds: float, scroll_pct: int, interactions: int, stage: str
) -> int:
    """Engagement of one session, 0 to 100.

    `min(25, 5·(pages − 1))` for every page after the first, `min(25, 5·seconds/60)` for engaged
    minutes, `15·scroll_pct/100` for the deepest scroll of a page, `min(15, 3·interactions)` for
    clicks, forms and custom events, and 5, 10, 15 or 20 for having come as far as product, cart,
    checkout or conversion. Halves are rounded up, so that SQL's `floor(x + 0.5)` says the same.

    Parameters
    ----------
    pages, interactions : counts
    seconds : engaged seconds
    scroll_pct : deepest scroll, 0 to 100
    stage : furthest funnel stage

    Returns
    -------
    whole points; counts below 0 count as 0

    References
    ----------
    A definition of our own: five parts that are each worth at most a quarter.
    """
    points = (
        min(PAGE_TOP, PAGE_POINTS * max(0, pages - 1))
        + min(MINUTE_TOP, MINUTE_POINTS * max(0.0, seconds) / 60)
        + SCROLL_TOP * min(100, max(0, scroll_pct)) / 100
        + min(INTERACTION_TOP, INTERACTION_POINTS * max(0, interactions))
        + STAGE_POINTS.get(stage, 0)
    )
    return int(points + 0.5)
