"""Valid minimal advertising rows."""

from __future__ import annotations

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from campaigns.models import Ad, AdAccount, AdSet, Campaign, DailyPerformance, SafetyPolicy
from tests.workspaces.factories import WorkspaceFactory


class AdAccountFactory(DjangoModelFactory[AdAccount]):
    """A Meta account in USD without a connection."""

    class Meta:
        model = AdAccount

    workspace = factory.SubFactory(WorkspaceFactory)
    platform = "meta"
    external_id = factory.Sequence(lambda n: f"{1000 + n}")
    name = factory.LazyAttribute(lambda o: f"Account {o.external_id}")
    currency = "USD"


class CampaignFactory(DjangoModelFactory[Campaign]):
    """An active campaign; its ad sets own the budgets."""

    class Meta:
        model = Campaign

    account = factory.SubFactory(AdAccountFactory)
    workspace = factory.SelfAttribute("account.workspace")
    external_id = factory.Sequence(lambda n: f"{2000 + n}")
    name = factory.LazyAttribute(lambda o: f"Campaign {o.external_id}")


class AdSetFactory(DjangoModelFactory[AdSet]):
    """An active ad set that spends 100 a day."""

    class Meta:
        model = AdSet

    campaign = factory.SubFactory(CampaignFactory)
    account = factory.SelfAttribute("campaign.account")
    workspace = factory.SelfAttribute("campaign.workspace")
    external_id = factory.Sequence(lambda n: f"{3000 + n}")
    name = factory.LazyAttribute(lambda o: f"Ad set {o.external_id}")
    daily_budget = Decimal(100)
    learning_status = "stable"


class AdFactory(DjangoModelFactory[Ad]):
    """An active ad."""

    class Meta:
        model = Ad

    ad_set = factory.SubFactory(AdSetFactory)
    campaign = factory.SelfAttribute("ad_set.campaign")
    account = factory.SelfAttribute("ad_set.account")
    workspace = factory.SelfAttribute("ad_set.workspace")
    external_id = factory.Sequence(lambda n: f"{4000 + n}")
    name = factory.LazyAttribute(lambda o: f"Ad {o.external_id}")


class DailyPerformanceFactory(DjangoModelFactory[DailyPerformance]):
    """One day of an ad."""

    class Meta:
        model = DailyPerformance

    ad = factory.SubFactory(AdFactory)
    ad_set = factory.SelfAttribute("ad.ad_set")
    campaign = factory.SelfAttribute("ad.campaign")
    account = factory.SelfAttribute("ad.account")
    workspace = factory.SelfAttribute("ad.workspace")
    level = "ad"
    day = "2026-11-20"
    impressions = 1000
    clicks = 20
    spend = Decimal(50)
    fetched_at = "2026-11-21T06:00:00Z"


class SafetyPolicyFactory(DjangoModelFactory[SafetyPolicy]):
    """The defaults, in force."""

    class Meta:
        model = SafetyPolicy

    workspace = factory.SubFactory(WorkspaceFactory)
    version = 1
    created_at = "2026-11-01T00:00:00Z"
    effective_at = "2026-11-01T00:00:00Z"
