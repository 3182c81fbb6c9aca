"""Funnels: made, changed, switched on and off, put away; and what posts allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from outreach.engine.social.worth import KINDS
from outreach.models import (
    CampaignType,
    OutreachCampaign,
    SocialEngagementFunnel,
    SocialPlatform,
    SocialPost,
)
from outreach.platforms.meta import LIMITS as META_LIMITS
from outreach.platforms.social.answers import LIMITS
from outreach.selectors.answers import NAME
from outreach.services.social.taking import TOPIC
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

MOST_KEYWORDS: Final = 50
_MOST_TEXT: Final = 2_000
#: Whole numbers and between what they lie.
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "least_interactions": (0, 1_000), "least_score": (0, 100),
    "least_followers": (0, 1_000_000_000), "daily_limit": (1, 10_000),
    "reply_after_min": (0, 10_080), "dm_after_min": (0, 10_080),
}  # fmt: skip
_LISTS: Final[Mapping[str, int]] = {"keywords": 60, "excluded": 120}
_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "platforms": SocialPlatform.values, "kinds": KINDS,
}  # fmt: skip
_TEXTS: Final = ("public_reply", "dm_text")
_BLANKS: Final = re.compile(r"\{+\s*\w+\s*\}+")
FIELDS: Final = (
    "name", "platforms", "kinds", *_LISTS, *_NUMBERS, *_TEXTS, "follow_up", "needs_approval",
)  # fmt: skip


@transaction.atomic
def create_funnel(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> SocialEngagementFunnel:
    """Keep a funnel, switched off.

    Raises
    ------
    NotAllowedError : below operator; below approver where no answer is to be signed
    RequestError : names the field that is wrong
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="Making a funnel")
    funnel = SocialEngagementFunnel(workspace=workspace, created_by_label=by.label[:150])
    if "name" not in values or "platforms" not in values:
        missing = "name" if "name" not in values else "platforms"
        raise RequestError(missing, "This is needed.")
    _take(funnel, values, by, now)
    funnel.save()
    bump(workspace.pk, TOPIC)
    return funnel


@transaction.atomic
def change_funnel(
    *, funnel: SocialEngagementFunnel, values: Mapping[str, Any], by: Proposer, now: datetime
) -> SocialEngagementFunnel:
    """Change what is given. One that answers without signatures is an approver's to change.

    Raises
    ------
    NotAllowedError : below operator; below approver where answers are not signed
    RequestError : names the field that is wrong
    StateError : it was put away
    """
    locked = _locked(funnel)
    require(Role.OPERATOR, by=by, workspace=locked.workspace, now=now, what="Changing a funnel")
    if not locked.needs_approval:
        _require_trust(locked, by, now)
    _take(locked, values, by, now)
    locked.save()
    bump(locked.workspace_id, TOPIC)
    return locked


@transaction.atomic
def switch_funnel(
    *, funnel: SocialEngagementFunnel, is_on: bool, by: Proposer, now: datetime
) -> SocialEngagementFunnel:
    """Let it answer what comes from now on, or nothing more; stopping needs no approver.

    Raises
    ------
    NotAllowedError : below operator; below approver to switch on one without signatures
    StateError : it was put away
    """
    locked = _locked(funnel)
    require(Role.OPERATOR, by=by, workspace=locked.workspace, now=now, what="Switching a funnel")
    if is_on and not locked.needs_approval:
        _require_trust(locked, by, now)
    if is_on and not locked.is_on:
        locked.answers_from = now
    locked.is_on = is_on
    locked.save(update_fields=["is_on", "answers_from", "updated_at"])
    bump(locked.workspace_id, TOPIC)
    return locked


@transaction.atomic
def archive_funnel(*, funnel: SocialEngagementFunnel, by: Proposer, now: datetime) -> None:
    """Put it away, switched off; its figures stay.

    Raises
    ------
    NotAllowedError : below operator
    StateError : it was put away before
    """
    locked = _locked(funnel)
    require(Role.OPERATOR, by=by, workspace=locked.workspace, now=now, what="Archiving a funnel")
    locked.is_on, locked.archived_at = False, now
    locked.save(update_fields=["is_on", "archived_at", "updated_at"])
    bump(locked.workspace_id, TOPIC)


@transaction.atomic
def change_post(
    *, post: SocialPost, values: Mapping[str, Any], by: Proposer, now: datetime
) -> SocialPost:
    """Say whether funnels may answer below a post, which one, and by which words too.

    Raises
    ------
    NotAllowedError : below operator
    RequestError : names the field that is wrong
    """
    require(Role.OPERATOR, by=by, workspace=post.workspace, now=now, what="Changing a post")
    row = SocialPost.objects.select_for_update().get(pk=post.pk)
    if "auto_respond" in values:
        row.auto_respond = _flag(values, "auto_respond")
    if "keyword_triggers" in values:
        row.keyword_triggers = _words(values, "keyword_triggers", 60)
    if "funnel" in values:
        row.funnel = _funnel(row, values["funnel"])
    row.save(update_fields=["auto_respond", "keyword_triggers", "funnel"])
    bump(row.workspace_id, TOPIC)
    return row


def _funnel(post: SocialPost, named: Any) -> SocialEngagementFunnel | None:
    if not named:
        return None
    rows = SocialEngagementFunnel.objects.filter(workspace=post.workspace_id, archived_at=None)
    try:
        found = rows.filter(public_id=str(named)).first()
    except ValidationError:
        found = None
    if found is None:
        raise RequestError("funnel", "There is no such funnel.")
    return found


def _locked(funnel: SocialEngagementFunnel) -> SocialEngagementFunnel:
    rows = SocialEngagementFunnel.objects.select_for_update(of=("self",))
    locked = rows.select_related("workspace", "follow_up").get(pk=funnel.pk)
    if locked.archived_at is not None:
        raise StateError("This funnel was put away. Make a new one.")
    return locked


def _require_trust(funnel: SocialEngagementFunnel, by: Proposer, now: datetime) -> None:
    require(
        Role.APPROVER, by=by, workspace=funnel.workspace, now=now,
        what="A funnel whose answers nobody signs",
    )  # fmt: skip
    if by.user is None:
        raise RequestError("needs_approval", "Only a person lets a funnel answer unsigned.")


def _take(
    funnel: SocialEngagementFunnel, values: Mapping[str, Any], by: Proposer, now: datetime
) -> None:
    if "name" in values:
        funnel.name = _name(funnel, values["name"])
    for name in values:
        if name in _LISTS:
            setattr(funnel, name, _words(values, name, _LISTS[name]))
        elif name in _NUMBERS:
            setattr(funnel, name, _number(values, name, *_NUMBERS[name]))
        elif name in _TEXTS:
            setattr(funnel, name, _text(values, name))
        elif name in _CHOICES:
            setattr(funnel, name, _chosen(values, name, _CHOICES[name]))
    if "follow_up" in values:
        funnel.follow_up = _sequence(funnel.workspace, values["follow_up"])
    if "needs_approval" in values:
        _trust(funnel, is_signed=_flag(values, "needs_approval"), by=by, now=now)
    _check(funnel)


def _trust(funnel: SocialEngagementFunnel, *, is_signed: bool, by: Proposer, now: datetime) -> None:
    if not is_signed:
        _require_trust(funnel, by, now)
    funnel.needs_approval = is_signed
    funnel.trusted_by_label = "" if is_signed else by.label[:150]


def _check(funnel: SocialEngagementFunnel) -> None:
    """Refuse what could never be said."""
    if SocialPlatform.TIKTOK in funnel.platforms:
        raise RequestError(
            "platforms", "TikTok does not tell who comments, so nobody can be answered there."
        )
    if not (funnel.public_reply or funnel.dm_text):
        raise RequestError("public_reply", "Write a public reply, a message, or both.")
    for name, limits in (("public_reply", LIMITS), ("dm_text", META_LIMITS)):
        most = min((limits[one] for one in funnel.platforms if one in limits), default=_MOST_TEXT)
        if len(getattr(funnel, name)) > most:
            raise RequestError(name, f"It has {most:,} characters at most on these networks.")


def _name(funnel: SocialEngagementFunnel, given: Any) -> str:
    name = str(given).replace("\x00", "").strip()[:120]
    if not name:
        raise RequestError("name", "Give it a name.")
    others = SocialEngagementFunnel.objects.filter(
        workspace=funnel.workspace, name=name, archived_at=None
    )
    if others.exclude(pk=funnel.pk).exists():
        raise RequestError("name", "A funnel of this name is there already.")
    return name


def _listed(values: Mapping[str, Any], name: str) -> list[str]:
    given = values[name]
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise RequestError(name, "This is a list.")
    return list(dict.fromkeys(str(one).replace("\x00", "").strip() for one in given))


def _chosen(values: Mapping[str, Any], name: str, allowed: Sequence[str]) -> list[str]:
    chosen = _listed(values, name)
    if not chosen or set(chosen) - set(allowed):
        raise RequestError(name, f"Choose from {', '.join(allowed)}.")
    return chosen


def _words(values: Mapping[str, Any], name: str, most: int) -> list[str]:
    words = [one for one in _listed(values, name) if one]
    if len(words) > MOST_KEYWORDS or any(len(one) > most for one in words):
        raise RequestError(name, f"At most {MOST_KEYWORDS}, of {most} characters each.")
    return words


def _number(values: Mapping[str, Any], name: str, least: int, highest: int) -> int:
    try:
        number = int(str(values[name]).strip())
    except ValueError:
        number = least - 1
    if not least <= number <= highest:
        raise RequestError(name, f"This is a whole number from {least} to {highest:,}.")
    return number


def _text(values: Mapping[str, Any], name: str) -> str:
    text = str(values[name]).replace("\x00", "").strip()
    if len(text) > _MOST_TEXT:
        raise RequestError(name, f"It has {_MOST_TEXT:,} characters at most.")
    if strange := [one for one in _BLANKS.findall(text) if one != NAME]:
        raise RequestError(name, f"{strange[0]} stands for nothing; {NAME} is the person's name.")
    return text


def _flag(values: Mapping[str, Any], name: str) -> bool:
    if not isinstance(values[name], bool):
        raise RequestError(name, "This is true or false.")
    return bool(values[name])


def _sequence(workspace: Workspace, named: Any) -> OutreachCampaign | None:
    if not named:
        return None
    rows = OutreachCampaign.objects.filter(
        workspace=workspace, type=CampaignType.SEQUENCE, archived_at=None
    )
    try:
        found = rows.filter(public_id=str(named)).first()
    except ValidationError:
        found = None
    if found is None:
        raise RequestError("follow_up", "There is no such sequence.")
    return found
