"""API keys: made once, shown once, revoked at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from workspaces.models import ApiKey, KeyKind, Membership, User, Workspace
from workspaces.scopes import CHANGES_SIGN, SCOPES, WORKSPACE_ADMIN
from workspaces.services.accounts import require_admin
from workspaces.services.refusals import RefusedError


class KeyRefusedError(RefusedError):
    """Such a key cannot be made."""


@transaction.atomic
def create_key(
    *,
    workspace: Workspace,
    name: str,
    scopes: Iterable[str],
    by: User,
    now: datetime,
    expires_at: datetime | None = None,
    acts_as: User | None = None,
    kind: KeyKind = KeyKind.INTEGRATION,
) -> tuple[ApiKey, str]:
    """Make a key; the second value is the key itself, which nothing can show again.

    Raises
    ------
    NotPermittedError : ``by`` is no admin
    KeyRefusedError : unknown scope, an end in the past, signing without a person, or an agent
        that would be one
    """
    require_admin(user=by, workspace=workspace)
    chosen = sorted(set(scopes))
    if kind == KeyKind.AGENT and acts_as is not None:
        raise KeyRefusedError("An agent reads and proposes as itself; bind its key to nobody.")
    if kind == KeyKind.AGENT and WORKSPACE_ADMIN in chosen:
        raise KeyRefusedError("An agent is no admin: leave workspace:admin out.")
    _check(workspace=workspace, scopes=chosen, acts_as=acts_as, by=by)
    if expires_at is not None and expires_at <= now:
        raise KeyRefusedError("The key would have expired already; choose a later end.")
    key = ApiKey(
        workspace=workspace,
        name=name.strip()[:50] or "key",
        scopes=chosen,
        expiry_date=expires_at,
        acts_as=acts_as,
        kind=kind,
    )
    plain: str = ApiKey.objects.assign_key(key)
    key.save()
    return key, plain


def _check(*, workspace: Workspace, scopes: list[str], acts_as: User | None, by: User) -> None:
    if not scopes:
        raise KeyRefusedError("Choose at least one scope; a key without any can do nothing.")
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise KeyRefusedError(f"Unknown scope {unknown[0]!r}; known: {', '.join(SCOPES)}.")
    if CHANGES_SIGN in scopes and acts_as is None:
        raise KeyRefusedError("A key may sign only when it is bound to a person; choose one.")
    if acts_as is None:
        return
    # Otherwise one admin could sign twice: as himself, and by a key that speaks for a colleague.
    if acts_as != by:
        raise KeyRefusedError("A key can be bound to yourself only; ask that person to make it.")
    if not Membership.objects.filter(workspace=workspace, user=acts_as).exists():
        raise KeyRefusedError("The person that the key is bound to is no member of this workspace.")


@transaction.atomic
def revoke_key(*, key: ApiKey, by: User) -> ApiKey:
    """End a key for good."""
    require_admin(user=by, workspace=key.workspace)
    if not ApiKey.objects.filter(pk=key.pk, revoked=False).update(revoked=True):
        raise KeyRefusedError("This key is revoked already.")
    key.refresh_from_db()
    return key
