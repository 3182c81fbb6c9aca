"""Accounts and entities entered by hand or by a key; those of a connection come from there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from campaigns.models import Ad, AdAccount, AdSet, Campaign, Creative
from workspaces.models import Workspace
from workspaces.services.live import bump
from workspaces.services.refusals import RefusedError

_Row = TypeVar("_Row", bound=Model)


class ConnectedAccountError(RefusedError):
    """The account is mirrored from its platform."""

    def __init__(self, account: AdAccount) -> None:
        super().__init__(
            f"{account.name} is connected: what lives in it is read from"
            f" {account.get_platform_display()}. Make it there and start a sync."
        )


def create_account(*, workspace: Workspace, now: datetime, **values: Any) -> AdAccount:
    """Enter an ad account without a connection; signed changes in it become tasks for people.

    Raises
    ------
    ValidationError : a value is wrong, or the account is here already
    """
    with transaction.atomic():
        account = _checked(AdAccount(workspace=workspace, **values))
        Workspace.objects.filter(pk=workspace.pk, data_since=None).update(data_since=now)
        bump(workspace.pk, "campaigns")
    return account


def create_campaign(*, account: AdAccount, **values: Any) -> Campaign:
    """Enter a campaign of an account without a connection."""
    return _create(Campaign(workspace=account.workspace, account=account, **values), account)


def create_ad_set(*, campaign: Campaign, **values: Any) -> AdSet:
    """Enter an ad set of such a campaign."""
    account = campaign.account
    row = AdSet(workspace=account.workspace, account=account, campaign=campaign, **values)
    return _create(row, account)


def create_creative(*, account: AdAccount, **values: Any) -> Creative:
    """Enter a creative of an account without a connection."""
    return _create(Creative(workspace=account.workspace, account=account, **values), account)


def create_ad(*, ad_set: AdSet, creative: Creative | None = None, **values: Any) -> Ad:
    """Enter an ad of such an ad set."""
    account = ad_set.account
    row = Ad(
        workspace=account.workspace,
        account=account,
        campaign=ad_set.campaign,
        ad_set=ad_set,
        creative=creative,
        **values,
    )
    return _create(row, account)


def _create(row: _Row, account: AdAccount) -> _Row:
    if account.connection_id is not None:
        raise ConnectedAccountError(account)
    with transaction.atomic():
        _checked(row)
        bump(account.workspace_id, "campaigns")
    return row


def _checked(row: _Row) -> _Row:
    row.full_clean()
    row.save(force_insert=True)
    return row
