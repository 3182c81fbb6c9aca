"""People: the first one, their roles, their settings, their sessions."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from workspaces.models import (
    DigestChannel,
    Membership,
    NotificationPreference,
    Session,
    User,
    Workspace,
)
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.refusals import NotPermittedError, RefusedError

_FILLERS: Final = re.compile(r"[\s()./-]")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}")


class LastAdminError(RefusedError):
    """A workspace keeps at least one admin."""

    def __init__(self) -> None:
        super().__init__(
            "This is the last admin of the workspace. Make another member admin first."
        )


def require_admin(*, user: User, workspace: Workspace) -> None:
    """Refuse whoever is not an admin himself.

    Lent rank does not count here: who may change roles could keep for ever what was lent for a day.
    """
    admins = Membership.objects.filter(workspace=workspace, workspace__closed_at=None)
    if not admins.filter(user=user, role=Role.ADMIN).exists():
        raise NotPermittedError("Only an admin of this workspace may do that; ask one of them.")


def create_user(*, email: str, password: str, first_name: str = "", last_name: str = "") -> User:
    """Create a person; ``ValidationError`` says what is wrong with address or password."""
    candidate = User(email=email.strip().lower(), first_name=first_name, last_name=last_name)
    validate_password(password, candidate)
    candidate.set_password(password)
    candidate.full_clean()
    candidate.save()
    return candidate


@transaction.atomic
def create_first_admin(
    *, email: str, password: str, first_name: str = "", last_name: str = ""
) -> User:
    """Create the person who sets an empty installation up; refused once anybody exists."""
    lock_names(["workspaces:first-admin"])
    if User.objects.exists():
        raise RefusedError(
            "This installation is set up already. Log in, or ask an admin for an invitation."
        )
    return create_user(email=email, password=password, first_name=first_name, last_name=last_name)


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: User, now: datetime) -> Membership:
    """Give a member another role; the last admin stays one."""
    member = _locked(membership, by=by)
    if member.role == Role.ADMIN and role != Role.ADMIN:
        _refuse_last_admin(member)
    member.role = role
    member.save(update_fields=["role"])
    return member


@transaction.atomic
def remove_member(*, membership: Membership, by: User, now: datetime) -> None:
    """End a membership; what the person did stays on record. The last admin stays."""
    member = _locked(membership, by=by)
    if member.role == Role.ADMIN:
        _refuse_last_admin(member)
    member.delete()


def _locked(membership: Membership, *, by: User) -> Membership:
    """Re-read under the workspace's lock: two admins may not demote each other at once."""
    lock_names([f"workspaces:members:{membership.workspace_id}"])
    require_admin(user=by, workspace=membership.workspace)
    current = Membership.objects.select_for_update().filter(pk=membership.pk).first()
    if current is None:
        raise RefusedError("This person is no member any more; reload the page.")
    return current


def _refuse_last_admin(member: Membership) -> None:
    others = Membership.objects.filter(
        workspace_id=member.workspace_id, role=Role.ADMIN, user__is_active=True
    ).exclude(pk=member.pk)
    if not others.exists():
        raise LastAdminError


def update_profile(*, user: User, first_name: str, last_name: str, time_zone: str) -> User:
    """Change how a person is named and in which zone he reads times."""
    user.first_name, user.last_name, user.time_zone = first_name, last_name, time_zone
    user.full_clean()
    user.save(update_fields=["first_name", "last_name", "time_zone"])
    return user


def telephone(text: str) -> str:
    """A number as `+436601234567`, from what a person writes; empty for none.

    Raises
    ------
    ValidationError : it is none
    """
    number = _FILLERS.sub("", text)
    if number and not _NUMBER.fullmatch(number):
        raise ValidationError("Give the number with its country, as +436601234567.")
    return number


def update_preferences(
    *, workspace: Workspace, user: User, email_at_once: bool, daily_digest: bool, digest_hour: int,
    digest_by: str = DigestChannel.EMAIL, phone: str = "",
) -> NotificationPreference:  # fmt: skip
    """Change how a member hears of things in one workspace.

    Raises
    ------
    ValidationError : WhatsApp without a number, or no number at all
    """
    try:
        number = telephone(phone)
    except ValidationError as error:
        raise ValidationError({"phone": error.messages}) from error
    if digest_by != DigestChannel.EMAIL and not number:
        raise ValidationError({"phone": ["For a digest by WhatsApp give a number."]})
    preference, _ = NotificationPreference.objects.update_or_create(
        workspace=workspace,
        user=user,
        defaults={
            "email_at_once": email_at_once,
            "daily_digest": daily_digest,
            "digest_hour": digest_hour,
            "digest_by": digest_by,
            "phone": number,
        },
    )
    return preference


def switch_workspace(*, user: User, public_id: str, now: datetime) -> Membership:
    """Enter another workspace of the person's own; others do not exist for him."""
    membership = (
        Membership.objects.select_related("workspace")
        .filter(user=user, workspace__public_id=public_id, workspace__closed_at=None)
        .first()
    )
    if membership is None:
        raise NotPermittedError(
            "You are not a member of that workspace; ask its admin to invite you."
        )
    membership.last_used_at = now
    membership.save(update_fields=["last_used_at"])
    return membership


def session_handle(session_key: str) -> str:
    """Name of a session that is safe to show: the key itself would open it."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:20]


def end_session(*, user: User, handle: str) -> None:
    """Log one of the person's own browsers out."""
    keys = Session.objects.filter(user=user).values_list("session_key", flat=True)
    chosen = [key for key in keys if session_handle(key) == handle]
    if not chosen:
        raise RefusedError("That session has ended already.")
    Session.objects.filter(session_key__in=chosen).delete()
