"""Audiences: made, changed, filled, counted and archived."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from outreach.engine.audience_rules import RulesError, parse
from outreach.models import (
    Audience,
    AudienceKind,
    AudienceMember,
    CampaignStatus,
    Contact,
    OutreachCampaign,
)
from outreach.selectors.audiences.reading import (
    count_of,
    query_of,
    query_of_rules,
    sets_in_memory,
)
from outreach.services.people.refusing import PeopleError
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

MOST_AT_ONCE: Final = 10_000
_PUT_ON: Final = """
INSERT INTO outreach_audiencemember (workspace_id, audience_id, contact_id, added_at)
SELECT %(own)s, %(onto)s, found.id, %(at)s FROM ({found}) found ON CONFLICT DO NOTHING"""
#: Campaigns that still look at their audience.
LIVE: Final = tuple(one for one in CampaignStatus.values if one != CampaignStatus.COMPLETED)


@transaction.atomic
def create_audience(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> Audience:
    """Keep an audience: by ``rules``, or a fixed ``list`` (with ``members_of`` filled once).

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : a value is wrong, or the name is taken
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To make audiences")
    kind = values.get("kind", AudienceKind.RULES)
    if kind not in AudienceKind.values:
        raise PeopleError("kind", "Choose rules or list.")
    audience = Audience(workspace=workspace, kind=kind, created_by_label=by.label[:150])
    _fill(audience, {"rules": {}, **values} if kind == AudienceKind.RULES else values, now)
    audience.save()
    _count(audience, now)
    return audience


@transaction.atomic
def change_audience(
    *, audience: Audience, values: Mapping[str, Any], by: Proposer, now: datetime
) -> Audience:
    """Change name, description or rules; what it is used in sees the new members at once.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : a value is wrong, the name is taken, or the audience is archived
    """
    require(Role.OPERATOR, by=by, workspace=audience.workspace, now=now, what="To change audiences")
    audience = Audience.objects.select_for_update().get(pk=audience.pk)
    _refuse_archived(audience)
    _fill(audience, values, now)
    audience.save(update_fields=["name", "description", "rules", "updated_at"])
    _count(audience, now)
    return audience


def _fill(audience: Audience, values: Mapping[str, Any], now: datetime) -> None:
    if "name" in values or not audience.pk:
        audience.name = str(values.get("name", "")).strip()
        if not 1 <= len(audience.name) <= 120:
            raise PeopleError("name", "Give it a name of 1 to 120 characters.")
        others = Audience.objects.filter(
            workspace=audience.workspace, name=audience.name, archived_at=None
        )
        if others.exclude(pk=audience.pk).exists():
            raise PeopleError("name", "There is an audience of this name already.")
    if "description" in values:
        audience.description = str(values["description"] or "").strip()
        if len(audience.description) > 300:
            raise PeopleError("description", "Use at most 300 characters.")
    if "rules" in values:
        if audience.kind == AudienceKind.LIST:
            if values["rules"]:
                raise PeopleError("rules", "A fixed list has no rules.")
            return
        _check_rules(audience.workspace, values["rules"], now)
        audience.rules = values["rules"]


def _check_rules(workspace: Workspace, rules: Any, now: datetime) -> None:
    try:
        query_of_rules(workspace, parse(rules), now)
    except RulesError as error:
        raise PeopleError(error.path, str(error)) from None


def _count(audience: Audience, now: datetime) -> None:
    size = count_of(query_of(audience, now))
    Audience.objects.filter(pk=audience.pk).update(size=size, sized_at=now)
    audience.size, audience.sized_at = size, now


def recount(*, audience: Audience, now: datetime) -> int:
    """Count it anew and keep the figure for lists.

    Raises
    ------
    RulesError : its rules speak of something that is not there any more
    """
    _count(audience, now)
    return audience.size or 0


@transaction.atomic
def add_members(
    *, audience: Audience, contacts: Collection[Contact], by: Proposer, now: datetime
) -> int:
    """Put people on a fixed list; how many are new on it.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : it is no fixed list, archived, or they are too many or of another workspace
    """
    require(Role.OPERATOR, by=by, workspace=audience.workspace, now=now, what="To change lists")
    _refuse_rules(audience)
    if len(contacts) > MOST_AT_ONCE:
        raise PeopleError("contacts", f"Add at most {MOST_AT_ONCE:,} at once.")
    if any(one.workspace_id != audience.workspace_id for one in contacts):
        raise PeopleError("contacts", "There is no such contact here.")
    before = audience.members.count()
    AudienceMember.objects.bulk_create(
        [AudienceMember(workspace_id=audience.workspace_id, audience=audience, contact=one)
         for one in contacts],
        ignore_conflicts=True,
    )  # fmt: skip
    _count(audience, now)
    return audience.members.count() - before


@transaction.atomic
def add_everybody_of(*, audience: Audience, source: Audience, by: Proposer, now: datetime) -> int:
    """Put everybody who belongs to another audience now on a fixed list; how many are new.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : it is no fixed list, or archived
    """
    require(Role.OPERATOR, by=by, workspace=audience.workspace, now=now, what="To change lists")
    _refuse_rules(audience)
    if source.workspace_id != audience.workspace_id:
        raise PeopleError("members_of", "There is no such audience here.")
    query = query_of(source, now)
    given = {**query.params, "own": audience.workspace_id, "onto": audience.pk, "at": now}
    with sets_in_memory() as cursor:
        cursor.execute(_PUT_ON.format(found=query.sql), given)
        added = int(cursor.rowcount)
    _count(audience, now)
    return added


@transaction.atomic
def remove_members(
    *, audience: Audience, contacts: Collection[Contact], by: Proposer, now: datetime
) -> int:
    """Take people off a fixed list; how many were on it.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : it is no fixed list, or archived
    """
    require(Role.OPERATOR, by=by, workspace=audience.workspace, now=now, what="To change lists")
    _refuse_rules(audience)
    gone = audience.members.filter(contact__in=contacts).delete()[0]
    _count(audience, now)
    return gone


@transaction.atomic
def archive_audience(*, audience: Audience, by: Proposer, now: datetime) -> None:
    """Put an audience away; not while something looks at it.

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : used, or archived already
    """
    require(
        Role.OPERATOR, by=by, workspace=audience.workspace, now=now, what="To archive audiences"
    )
    if used := used_in(audience):
        names = ", ".join(f"“{one}”" for one in used[:3])
        raise PeopleError("", f"It is used in {names}; change that first.")
    open_one = Audience.objects.filter(pk=audience.pk, archived_at=None)
    if not open_one.update(archived_at=now):
        raise PeopleError("", "This audience is archived already.")


def used_in(audience: Audience) -> list[OutreachCampaign | Audience]:
    """Campaigns that are not over, and audiences whose rules name this list."""
    campaigns = OutreachCampaign.objects.filter(audience=audience, status__in=LIVE).order_by("pk")
    naming = Audience.objects.filter(
        workspace=audience.workspace_id, archived_at=None, kind=AudienceKind.RULES,
        rules__icontains=str(audience.public_id),
    ).order_by("pk")  # fmt: skip
    return [*campaigns, *naming]


def _refuse_rules(audience: Audience) -> None:
    if audience.kind != AudienceKind.LIST:
        raise PeopleError("audience", "Its members are found by rules; change those.")
    _refuse_archived(audience)


def _refuse_archived(audience: Audience) -> None:
    if audience.archived_at is not None:
        raise PeopleError("", "This audience is archived.")
