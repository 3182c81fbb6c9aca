"""Amounts in the workspace's currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db.models import DecimalField, Exists, OuterRef, Sum
from django.db.models.functions import Coalesce

from campaigns.models import AdSet, Campaign, DeliveryStatus
from workspaces.models import Workspace
from workspaces.selectors import convert

_ZERO = Decimal(0)


def exchange_rate(*, workspace: Workspace, currency: str, on: date) -> Decimal | None:
    """Units of workspace currency per unit of ``currency``; ``None`` when no rate is known."""
    return convert(workspace=workspace, amount=Decimal(1), currency=currency, on=on)


def budgets_total(*, workspace: Workspace, now: datetime) -> Decimal | None:
    """Sum of all live daily budgets in the workspace's currency.

    A Google budget that campaigns share is counted once. ``None`` when a rate is missing.
    """
    total = _ZERO
    for currency, amount in _by_currency(workspace).items():
        converted = convert(workspace=workspace, amount=amount, currency=currency, on=now.date())
        if converted is None:
            return None
        total += converted
    return total


def rise_of(
    old: str, new: str, currency: str, workspace: Workspace, now: datetime
) -> Decimal | None:
    """Workspace money by which a change raises a budget, 0 where it lowers it."""
    rise = max(Decimal(new) - Decimal(old), _ZERO)
    return convert(workspace=workspace, amount=rise, currency=currency, on=now.date())


def _by_currency(workspace: Workspace) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    earlier = Campaign.objects.filter(
        account=OuterRef("account"),
        budget_external_id=OuterRef("budget_external_id"),
        pk__lt=OuterRef("pk"),
    ).exclude(budget_external_id="")
    campaigns = Campaign.objects.filter(~Exists(earlier))
    for rows in (campaigns, AdSet.objects.filter(campaign__status=DeliveryStatus.ACTIVE)):
        sums = (
            rows.filter(workspace=workspace, status=DeliveryStatus.ACTIVE)
            .values("account__currency")
            .annotate(total=Coalesce(Sum("daily_budget"), _ZERO, output_field=DecimalField()))
            .order_by()
        )
        for row in sums:
            currency = row["account__currency"]
            amounts[currency] = amounts.get(currency, _ZERO) + row["total"]
    return amounts
