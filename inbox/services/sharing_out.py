"""By which rules work is shared out, and what each who answers can do, as people set it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max

from inbox.models import AgentProfile, AssignmentRule, InboxChannel, Intent
from inbox.selectors.agents import answering
from workspaces.gate import Proposer, RequestError
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

MOST_RULES: Final = 50
_MOST_WORDS: Final = 20
#: Whatever is typed, a database can keep it.
_LONGEST_AWAY: Final = timedelta(days=36_525)
_RULE_FIELDS: Final = (
    "name", "is_on", "channels", "intents", "languages", "min_value_at_risk", "team", "skills",
    "how", "people", "most_open",
)  # fmt: skip
_WHAT: Final = "Setting rules of assignment"
#: What people say of themselves, and what only an admin says of them.
_OWN_FIELDS: Final = ("languages", "skills", "is_away", "away_until", "away_note", "signature")
_ADMIN_FIELDS: Final = ("team", "capacity")


def save_rule(
    *,
    workspace: Workspace,
    rule: AssignmentRule | None,
    values: Mapping[str, Any],
    by: Proposer,
    now: datetime,
) -> AssignmentRule:
    """Make a rule, the last to be asked, or change one.

    Raises
    ------
    NotAllowedError : the person is no approver
    RequestError : a field is wrong, or there are too many
    """
    require(Role.APPROVER, by=by, workspace=workspace, now=now, what=_WHAT)
    _check_lists(values)
    _check_people(workspace, values.get("people", []))
    with transaction.atomic():
        # One after the other: places are counted.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        own = AssignmentRule.objects.filter(workspace=workspace)
        if rule is None:
            if own.count() >= MOST_RULES:
                raise RequestError("name", f"There are {MOST_RULES} rules already.")
            last = own.aggregate(last=Max("position"))["last"]
            rule = AssignmentRule(workspace=workspace, position=0 if last is None else last + 1)
        else:
            rule = _there(own.select_for_update().filter(pk=rule.pk).first())
        for name in _RULE_FIELDS:
            if name in values:
                setattr(rule, name, values[name])
        _validate(rule)
        rule.save()
    return rule


def _there(rule: AssignmentRule | None) -> AssignmentRule:
    if rule is None:
        raise RequestError("rule", "Somebody took this rule away meanwhile.")
    return rule


def _check_lists(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if any("\x00" in str(one) for one in (value if isinstance(value, list) else [value])):
            raise RequestError(name, "Leave out what is no letter.")
    for name, known in (("channels", InboxChannel.values), ("intents", Intent.values)):
        if wrong := sorted(set(values.get(name, [])) - set(known)):
            raise RequestError(name, f"There is no {wrong[0]}; choose among {', '.join(known)}.")
    for name in ("languages", "skills"):
        if len(values.get(name, [])) > _MOST_WORDS:
            raise RequestError(name, f"Name at most {_MOST_WORDS}.")
    least = values.get("min_value_at_risk")
    if least is not None and not 0 <= least < 1e12:
        raise RequestError("min_value_at_risk", "Give an amount of 0 or more.")


def _check_people(workspace: Workspace, people: list[int]) -> None:
    known = {one.pk for one in answering(workspace)}
    if set(people) - known:
        raise RequestError("people", "Choose members who may answer: agents or more.")


def _validate(row: Any) -> None:
    try:
        row.full_clean(exclude=["workspace", "user"])
    except ValidationError as error:
        for field, found in error.message_dict.items():
            raise RequestError(field.replace("__all__", ""), found[0]) from error


def switch_rule(
    *, rule: AssignmentRule, is_on: bool, by: Proposer, now: datetime
) -> AssignmentRule:
    """Switch a rule on or off."""
    values = {"is_on": is_on}
    return save_rule(workspace=rule.workspace, rule=rule, values=values, by=by, now=now)


@transaction.atomic
def move_rule(*, rule: AssignmentRule, up: bool, by: Proposer, now: datetime) -> bool:
    """Let a rule be asked before the one before it, or after the next; whether it moved."""
    workspace = rule.workspace
    require(Role.APPROVER, by=by, workspace=workspace, now=now, what=_WHAT)
    rows = AssignmentRule.objects.select_for_update().filter(workspace=workspace)
    ordered = list(rows.order_by("position", "pk"))
    rule = _there(next((one for one in ordered if one.pk == rule.pk), None))
    place = ordered.index(rule)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(ordered):
        return False
    ordered[place], ordered[other] = ordered[other], ordered[place]
    for position, one in enumerate(ordered):
        if one.position != position:
            one.position = position
            one.save(update_fields=["position", "updated_at"])
    return True


@transaction.atomic
def delete_rule(*, rule: AssignmentRule, by: Proposer, now: datetime) -> None:
    """Take a rule away; what it gave stays given."""
    require(Role.APPROVER, by=by, workspace=rule.workspace, now=now, what=_WHAT)
    rows = AssignmentRule.objects.select_for_update().filter(workspace=rule.workspace)
    ordered = list(rows.order_by("position", "pk"))
    rule = _there(next((one for one in ordered if one.pk == rule.pk), None))
    rows.filter(position__gt=rule.position).update(position=F("position") - 1)
    rule.delete()


def save_desk(
    *,
    workspace: Workspace,
    user: User,
    values: Mapping[str, Any],
    by: Proposer,
    now: datetime,
) -> AgentProfile:
    """Say what somebody can do and whether they are there: agents of themselves, admins of all.

    Raises
    ------
    NotAllowedError : the person may not
    RequestError : a field is wrong, or the member may not answer here
    """
    is_own = by.user is not None and by.user.pk == user.pk
    require(
        Role.AGENT if is_own else Role.ADMIN, by=by, workspace=workspace, now=now,
        what="Setting up a desk" if is_own else "Setting up the desk of somebody else",
    )  # fmt: skip
    if user.pk not in {one.pk for one in answering(workspace)}:
        raise RequestError("user", "They may not answer here: choose an agent or more.")
    changed = [name for name in _ADMIN_FIELDS if name in values]
    if changed:
        require(Role.ADMIN, by=by, workspace=workspace, now=now, what="Setting team and room")
    _check_lists(values)
    until = values.get("away_until")
    if until is not None and not now < until <= now + _LONGEST_AWAY:
        raise RequestError("away_until", "Choose a moment to come.")
    with transaction.atomic():
        AgentProfile.objects.get_or_create(workspace=workspace, user=user)
        row = AgentProfile.objects.select_for_update().get(workspace=workspace, user=user)
        for name in (*_OWN_FIELDS, *_ADMIN_FIELDS):
            if name in values:
                setattr(row, name, values[name])
        if not row.is_away:
            row.away_until, row.away_note = None, ""
        _validate(row)
        row.save()
    return row
