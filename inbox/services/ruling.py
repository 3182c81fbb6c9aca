"""How a workspace runs its inbox, as people set it: switches, promises, hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from inbox.engine.filling import HOURS, check
from inbox.engine.hours_document import read_hours
from inbox.engine.sla_policy import Policy, Promise
from inbox.engine.sla_policy import Urgency as Level
from inbox.models import BusinessHours, InboxChannel, InboxPolicy, SLAPolicy, Team, Urgency
from outreach.engine.rendering import TemplateError
from workspaces.gate import Proposer, RequestError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

POLICY_FIELDS: Final = (
    "order", "drafts_on", "model_drafts", "undo_s", "acknowledges", "acknowledgement",
    "asks_satisfaction", "satisfaction_text", "satisfaction_after_minutes",
    "close_waiting_after_days", "shows_images",
)  # fmt: skip
#: A year; whoever means to promise nothing leaves it empty.
_MOST_MINUTES: Final = 525_600
_LONGEST_TEXT: Final = 2_000


@dataclass(frozen=True)
class Minutes:
    """What is promised for a level of urgency on a channel; none is nothing, or as the first."""

    first: int
    next: int | None = None
    resolution: int | None = None


def shipped(channel: str, urgency: str) -> Minutes:
    """What holds where nobody promised anything else."""
    policy, level = Policy(), Level(urgency)
    first = policy.minutes(Promise.FIRST_RESPONSE, channel, level)
    resolution = policy.minutes(Promise.RESOLUTION, channel, level)
    return Minutes(first or 1, None, resolution)


def promises_of(*, workspace: Workspace) -> dict[tuple[str, str], Minutes]:
    """What is promised, by channel and urgency."""
    told = {
        (row.channel, row.urgency): Minutes(
            row.first_minutes, row.next_minutes, row.resolution_minutes
        )
        for row in SLAPolicy.objects.filter(workspace=workspace)
    }
    return {
        (channel, urgency): told.get((channel, urgency)) or shipped(channel, urgency)
        for channel in InboxChannel.values
        for urgency in Urgency.values
    }


def save_policy(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> InboxPolicy:
    """Set the switches of the inbox.

    Raises
    ------
    NotAllowedError : the person is no admin
    RequestError : a field is wrong
    """
    require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Setting up the inbox")
    _check_text("acknowledgement", str(values.get("acknowledgement", "")))
    with transaction.atomic():
        policy, _ = InboxPolicy.objects.select_for_update().get_or_create(workspace=workspace)
        for name in POLICY_FIELDS:
            if name in values:
                setattr(policy, name, values[name])
        _validate(policy)
        policy.save()
    return policy


def _check_text(field: str, text: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise RequestError(field, f"Write at most {_LONGEST_TEXT:,} letters.")
    try:
        check(subject="", body=text, more=HOURS)
    except TemplateError as error:
        raise RequestError(field, str(error)) from error


def _validate(row: Any) -> None:
    """Say what the model finds wrong, by its field."""
    try:
        row.full_clean()
    except ValidationError as error:
        for field, found in error.message_dict.items():
            raise RequestError(field.replace("__all__", ""), found[0]) from error


def save_promises(
    *,
    workspace: Workspace,
    promises: Mapping[tuple[str, str], Minutes],
    by: Proposer,
    now: datetime,
) -> int:
    """Promise answers, by channel and urgency; how many are others than before.

    What is as shipped has no row. Due times follow within a minute.

    Raises
    ------
    NotAllowedError : the person is no admin
    RequestError : names the channel and urgency that is wrong
    """
    require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Promising answers")
    for (channel, urgency), minutes in promises.items():
        _check_minutes(channel, urgency, minutes)
    changed = 0
    with transaction.atomic():
        rows = {
            (row.channel, row.urgency): row
            for row in SLAPolicy.objects.select_for_update().filter(workspace=workspace)
        }
        for key, minutes in promises.items():
            changed += _keep(workspace, key, minutes, rows.get(key))
    return changed


def _check_minutes(channel: str, urgency: str, minutes: Minutes) -> None:
    if channel not in InboxChannel.values or urgency not in Urgency.values:
        raise RequestError("promises", f"There is no {channel} of {urgency} urgency.")
    where = f"{InboxChannel(channel).label}, {urgency} urgency"
    for name, value in (("first", minutes.first), ("next", minutes.next),
                        ("resolution", minutes.resolution)):  # fmt: skip
        if value is not None and not 1 <= value <= _MOST_MINUTES:
            raise RequestError(
                f"{name}-{channel}-{urgency}",
                f"{where}: give 1 to {_MOST_MINUTES:,} minutes.",
            )


def _keep(
    workspace: Workspace, key: tuple[str, str], minutes: Minutes, row: SLAPolicy | None
) -> bool:
    given = Minutes(
        minutes.first, None if minutes.next == minutes.first else minutes.next, minutes.resolution
    )
    is_shipped = given == shipped(*key)
    if row is None:
        if is_shipped:
            return False
        row = SLAPolicy(workspace=workspace, channel=key[0], urgency=key[1])
    elif is_shipped:
        row.delete()
        return True
    elif given == Minutes(row.first_minutes, row.next_minutes, row.resolution_minutes):
        return False
    row.first_minutes, row.next_minutes = given.first, given.next
    row.resolution_minutes = given.resolution
    row.save()
    return True


def save_hours(
    *,
    workspace: Workspace,
    team: str,
    time_zone: str,
    week: Mapping[str, Any],
    holidays: Mapping[str, Any],
    by: Proposer,
    now: datetime,
) -> BusinessHours:
    """Say when a team, or everybody, is there. Due times follow within a minute.

    Raises
    ------
    NotAllowedError : the person is no admin
    RequestError : the team, the time zone or a day is wrong
    """
    require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Setting business hours")
    _check_team(team)
    try:
        read_hours(time_zone, week, holidays)
    except ValueError as error:
        field = next(
            (one for one in ("week", "holidays") if str(error).startswith(one)), "time_zone"
        )
        raise RequestError(field, str(error)) from error
    values = {"time_zone": time_zone, "week": dict(week), "holidays": dict(holidays)}
    row, _ = BusinessHours.objects.update_or_create(workspace=workspace, team=team, defaults=values)
    return row


def remove_hours(*, workspace: Workspace, team: str, by: Proposer, now: datetime) -> bool:
    """Let a team have the hours of everybody, or everybody none: the clock never stops then."""
    require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Setting business hours")
    _check_team(team)
    found = BusinessHours.objects.filter(workspace=workspace, team=team)
    return bool(found.delete()[0])


def _check_team(team: str) -> None:
    if team and team not in Team.values:
        raise RequestError("team", f"Choose among {', '.join(Team.values)}, or nobody's.")
