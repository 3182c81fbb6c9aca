"""Entities by our id or by the platform's; the platform's may stand in several accounts."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from campaigns.models import Ad, AdAccount, AdSet, Campaign, Creative, EntityType
from workspaces.gate import RequestError
from workspaces.models import Workspace

_Entity = TypeVar("_Entity", bound=Campaign | AdSet | Ad | Creative)
_Row = TypeVar("_Row", bound=Model)
SHOWN = 5
_MOST = 50


class AmbiguousIdError(RequestError):
    """Several accounts know this id."""

    status = 422

    def __init__(self, field: str, given: str, accounts: list[AdAccount]) -> None:
        names = ", ".join(f"{account} = {account.public_id}" for account in accounts)
        super().__init__(
            field, f"{given!r} is in several accounts; name the account too, or our id: {names}."
        )


def by_any_id(rows: QuerySet[_Row], given: str, prefix: str = "") -> QuerySet[_Row]:
    """Narrow rows to those of one id, ours or the platform's."""
    if "\x00" in given:
        return rows.none()
    try:
        wanted: dict[str, Any] = {f"{prefix}public_id": UUID(given)}
    except ValueError:
        wanted = {f"{prefix}external_id": given}
    return rows.filter(**wanted)


def find_account(*, workspace: Workspace, given: str, field: str = "ad_account") -> AdAccount:
    """One ad account of a workspace.

    Raises
    ------
    RequestError : there is none
    AmbiguousIdError : several platforms use this id
    """
    rows = AdAccount.objects.filter(workspace=workspace).select_related("workspace")
    found = list(by_any_id(rows, given)[:SHOWN])
    if not found:
        raise RequestError(field, f"There is no ad account {given!r} in this workspace.")
    if len(found) > 1:
        raise AmbiguousIdError(field, given, found)
    return found[0]


def find_entity(
    model: type[_Entity],
    *,
    workspace: Workspace,
    given: str,
    field: str,
    account: AdAccount | None = None,
) -> _Entity:
    """One entity of a workspace, or of one account in it.

    Raises
    ------
    RequestError : there is none
    AmbiguousIdError : several accounts know this id
    """
    rows: QuerySet[_Entity] = model._default_manager.filter(  # type: ignore[assignment]  # of this model
        workspace=workspace
    ).select_related("account__workspace")
    if account is not None:
        rows = rows.filter(account=account)
    found = list(by_any_id(rows, given).order_by("pk")[:SHOWN])
    if not found:
        label = model._meta.verbose_name
        raise RequestError(field, f"There is no {label} {given!r} in this workspace.")
    if len(found) > 1:
        raise AmbiguousIdError(field, given, [row.account for row in found])
    return found[0]


def entities_with(workspace: Workspace, external_id: str) -> list[tuple[str, int, int]]:
    """Entities that a platform knows by an id: their type, our id of the account, our own."""
    if "\x00" in external_id:
        return []
    accounts = list(AdAccount.objects.filter(workspace=workspace).values_list("pk", flat=True))
    own_id = Q(external_id=external_id)
    parts: list[tuple[EntityType, QuerySet[Any]]] = [
        (EntityType.CAMPAIGN, Campaign.objects.filter(own_id | Q(budget_external_id=external_id))),
        (EntityType.ADSET, AdSet.objects.filter(own_id)),
        (EntityType.AD, Ad.objects.filter(own_id)),
    ]
    return [
        (str(entity_type), account, entity)
        for entity_type, rows in parts
        for account, entity in rows.filter(account__in=accounts).values_list("account", "pk")[
            :_MOST
        ]
    ]
