"""What a plan changes: who is added, left out, blocked and why, against the plan being sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from outreach.models import MessageChannel, Outcome, SendPlan
from outreach.models.plans import SENT_TO
from outreach.selectors.launches import active_plan

#: People shown of each group.
SAMPLE: Final = 5
_SENT: Final = "IN ('scheduled', 'queued')"
_PAIRS: Final = """
  FROM (SELECT * FROM outreach_plannedsend WHERE plan_id = %(new)s) n
  FULL JOIN (SELECT * FROM outreach_plannedsend WHERE plan_id = %(old)s) o
    ON o.contact_id = n.contact_id AND o.step_id = n.step_id
"""
_ADDED: Final = f"n.outcome {_SENT} AND (o.outcome {_SENT}) IS NOT TRUE"
# Who had the message already is not left out by the new plan.
_REMOVED: Final = (
    f"o.outcome {_SENT} AND (n.outcome {_SENT} OR n.outcome = 'duplicate') IS NOT TRUE"
)
_KEPT: Final = f"n.outcome {_SENT} AND o.outcome {_SENT}"
_CHANGES: Final = {
    "added": _ADDED,
    "removed": _REMOVED,
    "rechannelled": f"{_KEPT} AND n.channel <> o.channel",
    "retimed": f"{_KEPT} AND abs(extract(epoch FROM n.send_at - o.send_at)) >= 3600",
}
_COUNTS: Final = (
    "SELECT "
    + ", ".join(f"count(*) FILTER (WHERE {which})" for which in _CHANGES.values())
    + _PAIRS
)
_NAMES: Final = """
SELECT s.grp, c.first_name, c.last_name, c.public_id, coalesce(p.address, ''), s.channel, s.send_at,
       s.why
  FROM ({rows}) s
  JOIN outreach_contact c ON c.id = s.contact_id
  LEFT JOIN outreach_contactpoint p ON p.id = s.point_id
 ORDER BY s.grp, s.place
"""
_CHANGED: Final = f"""
(SELECT '{{name}}' AS grp, coalesce(n.contact_id, o.contact_id) AS contact_id,
        coalesce(n.point_id, o.point_id) AS point_id, coalesce(n.channel, o.channel) AS channel,
        coalesce(n.send_at, o.send_at) AS send_at, coalesce(n.place, o.place) AS place,
        CASE WHEN n.contact_id IS NULL THEN 'gone'
             WHEN n.outcome {_SENT} THEN '' ELSE n.outcome END AS why
 {_PAIRS} WHERE {{which}} ORDER BY coalesce(n.place, o.place) LIMIT %(sample)s)
"""
_OF_OUTCOME: Final = """
(SELECT '{name}' AS grp, r.contact_id, r.point_id, r.channel, r.send_at, r.place, ''::text AS why
   FROM outreach_plannedsend r WHERE r.plan_id = %(new)s AND r.outcome = '{name}'
  ORDER BY r.place LIMIT %(sample)s)
"""


@dataclass(frozen=True)
class Sample:
    """Somebody of a group, as people see them."""

    name: str
    public_id: str
    address: str
    channel: str
    send_at: Any
    why: str = ""  # they get nothing any more


@dataclass(frozen=True)
class Group:
    """People whom something is said of, how many, and a few of them."""

    key: str
    label: str
    count: int
    people: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class PlanDiff:
    """A plan against the one that is being sent, or against nothing."""

    plan: SendPlan
    against: SendPlan | None
    changes: tuple[Group, ...]
    recipients: Group
    blocked: tuple[Group, ...]
    channels: tuple[tuple[str, int, str], ...]  # label, messages, cost
    days: tuple[tuple[date, int], ...]

    @property
    def waves(self) -> list[int]:
        """How many get it before each look at harm; empty where all are written to at once."""
        return self.plan.waves if len(self.plan.waves) > 1 else []


_LABELS: Final = {
    "added": "Added",
    "removed": "Left out",
    "rechannelled": "On another channel",
    "retimed": "At another hour",
}


def diff_of(plan: SendPlan) -> PlanDiff:
    """Hold a plan against the one being sent."""
    # What was never let go has nothing to be held against.
    against = active_plan(plan.campaign) if plan.campaign.launched_at else None
    if against is not None and against.pk == plan.pk:
        against = None
    outcomes = plan.counts.get("outcome", {})
    blocked = [one for one in outcomes if one not in SENT_TO]
    changes = _changes(plan, against) if against else {}
    people = _people(plan, against, changes, [*blocked, *(one for one in SENT_TO)])
    costs = plan.counts.get("cost", {})
    return PlanDiff(
        plan=plan,
        against=against,
        changes=tuple(
            Group(key, _LABELS[key], count, people.get(key, ())) for key, count in changes.items()
        ),
        recipients=Group(
            "sent", "Get it", plan.recipients,
            tuple(one for key in SENT_TO for one in people.get(key, ()))[:SAMPLE],
        ),
        blocked=tuple(
            Group(one, Outcome(one).label, outcomes[one], people.get(one, ())) for one in blocked
        ),
        channels=tuple(
            (MessageChannel(one).label, count, costs.get(one, "0"))
            for one, count in plan.counts.get("channel", {}).items()
        ),
        days=tuple(
            (date.fromisoformat(one), count) for one, count in plan.counts.get("day", {}).items()
        ),
    )  # fmt: skip


def _changes(plan: SendPlan, against: SendPlan) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"new": plan.pk, "old": against.pk})
        return dict(zip(_CHANGES, cursor.fetchone(), strict=True))


def _people(
    plan: SendPlan, against: SendPlan | None, changes: dict[str, int], outcomes: Sequence[str]
) -> dict[str, tuple[Sample, ...]]:
    """A few of each group, all by one query."""
    parts = [_OF_OUTCOME.format(name=Outcome(one).value) for one in outcomes]
    parts += [
        _CHANGED.format(name=name, which=_CHANGES[name]) for name, count in changes.items() if count
    ]
    given = {"new": plan.pk, "old": against.pk if against else None, "sample": SAMPLE}
    found: dict[str, tuple[Sample, ...]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NAMES.format(rows=" UNION ALL ".join(parts)), given)
        for group, first, last, public_id, address, channel, send_at, why in cursor.fetchall():
            name = f"{first} {last}".strip() or address or str(public_id)
            label = MessageChannel(channel).label if channel else ""
            one = Sample(name, str(public_id), address, label, send_at, _why(why))
            found[group] = (*found.get(group, ()), one)
    return found


def _why(code: str) -> str:
    """Why somebody of the running plan gets nothing by the new one."""
    if code == "gone":
        return "Not in the audience any more"
    return str(Outcome(code).label) if code else ""
