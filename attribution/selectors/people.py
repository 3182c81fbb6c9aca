"""Journeys of one person, touch by touch, and channels day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Max, Sum

from attribution.engine.multi_touch import journey_credit
from attribution.models import (
    ChannelPerformance,
    Identifier,
    IdentifierKind,
    Journey,
    JourneyTouch,
    Person,
)
from workspaces.models import Workspace
from workspaces.periods import Period

SHOWN_JOURNEYS: Final = 50
_DAY_S = 86_400
_COUNTS = ("sent", "delivered", "opened", "clicked", "replied", "conversions", "revenue",
           "attributed_conversions", "attributed_revenue", "cost")  # fmt: skip


@dataclass(frozen=True)
class Walked:
    """A journey with its touches and, where it converted, what each is given by five models."""

    journey: Journey
    steps: list[tuple[JourneyTouch, dict[str, float]]]


def journeys_of(workspace: Workspace, user_id: str) -> list[Walked] | None:
    """The newest journeys of whoever has this user id; ``None`` when nobody has."""
    known = Identifier.objects.filter(
        workspace=workspace, kind=IdentifierKind.USER_ID, value=user_id
    ).select_related("person")
    identifier = known.first()
    if identifier is None:
        return None
    return journeys_of_person(workspace, identifier.person)


def journeys_of_person(workspace: Workspace, person: Person) -> list[Walked]:
    """The newest journeys of a person, whoever it was merged into."""
    journeys = list(
        Journey.objects.filter(workspace=workspace, person=person.root_id or person.pk)
        .select_related("conversion")
        .order_by("-ended_at", "journey_id")[:SHOWN_JOURNEYS]
    )
    steps: dict[int, list[JourneyTouch]] = {journey.pk: [] for journey in journeys}
    rows = JourneyTouch.objects.filter(journey__in=steps).select_related(
        "channel", "campaign", "ad", "touch"
    )
    for row in rows.order_by("journey", "position"):
        steps[row.journey_id].append(row)
    return [_walked(journey, steps[journey.pk]) for journey in journeys]


def _walked(journey: Journey, steps: list[JourneyTouch]) -> Walked:
    if journey.conversion_id is None:
        return Walked(journey, [(step, {}) for step in steps])
    ages = [(journey.ended_at - step.at).total_seconds() / _DAY_S for step in steps]
    table = journey_credit([step.channel.name for step in steps], ages).drop(columns="channel")
    shares: Iterable[dict[str, float]] = table.to_dict("records")
    return Walked(journey, list(zip(steps, shares, strict=True)))


@dataclass(frozen=True)
class ChannelDays:
    """A channel's sums, in all and by day."""

    model_name: str
    total: dict[str, Any]
    days: list[tuple[date, dict[str, Any]]]


def channel_days(workspace: Workspace, channel: str, period: Period) -> ChannelDays:
    """Sums of a channel over its campaigns and segments."""
    rows = ChannelPerformance.objects.filter(
        workspace=workspace, channel__name=channel, day__gte=period.since, day__lte=period.until
    )
    sums = {name: Sum(name) for name in _COUNTS}
    total = rows.aggregate(**sums, named=Max("model_name"))
    by_day: Any = rows.order_by().values("day").annotate(**sums).order_by("day")
    return ChannelDays(
        model_name=total.pop("named") or "",
        total=_filled(total),
        days=[(row.pop("day"), _filled(row)) for row in map(dict, by_day)],
    )


def _filled(sums: dict[str, Any]) -> dict[str, Any]:
    return {name: sums[name] if name == "cost" else sums[name] or 0 for name in sums}
