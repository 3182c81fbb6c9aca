"""Days of campaigns out of the database: what is added up, in which money, and whose."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db.models import Sum

from campaigns.models import AdAccount, Campaign, DailyPerformance
from mlops.engine.learning.campaign_days import FIGURES
from mlops.selectors.campaign_days import campaign_days, newest_day
from tests.mlops.world.conftest import OPTIONS, Place
from workspaces.models import ExchangeRate, Workspace

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 1)
UNTIL = DAY + timedelta(days=2)


def test_ads_are_added_up_by_campaign_and_day(place: Place, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):  # of currencies; the rows come by a COPY
        found = campaign_days(place.workspace, since=DAY, until=UNTIL)

    rows = DailyPerformance.objects.filter(workspace=place.workspace, day__range=(DAY, UNTIL))
    sums = rows.order_by().values("campaign_id", "day").annotate(**{n: Sum(n) for n in FIGURES})
    wanted = sorted(sums, key=lambda row: (row["campaign_id"], row["day"]))
    assert len(found) == len(wanted) == 3 * 60
    assert list(found.keys[found.campaign]) == [row["campaign_id"] for row in wanted]
    assert list(found.day.astype(object)) == [row["day"] for row in wanted]
    for name in FIGURES:
        np.testing.assert_allclose(found.figures[name], [float(row[name]) for row in wanted])
    campaigns = Campaign.objects.in_bulk(found.keys.tolist())
    assert list(found.traits["location"]) == [campaigns[key].location for key in found.keys]
    assert list(found.started_on.astype(object)) == [campaigns[k].starts_on for k in found.keys]
    assert set(found.traits["channel"]) == {"meta", "google_ads", "tiktok", "programmatic"}


def test_what_is_not_yet_known_of_a_day_is_unknown(place: Place) -> None:
    last = OPTIONS.ends_on

    found = campaign_days(place.workspace, since=last - timedelta(days=2), until=last)

    late = found.day == np.datetime64(last)
    assert np.isnan(found.figures["retained_day_7"]).all()
    assert np.isnan(found.figures["retained_day_1"][late]).all()
    assert not np.isnan(found.figures["retained_day_1"][~late]).any()


def test_foreign_money_is_converted_and_what_cannot_be_or_is_not_trusted_is_left_out(
    place: Place, other_workspace: Workspace
) -> None:
    workspace = place.workspace
    accounts = list(AdAccount.objects.filter(workspace=workspace).order_by("pk"))
    plain = campaign_days(workspace, since=DAY, until=DAY)
    for account, change in zip(
        accounts[:3],
        ({"currency": "EUR"}, {"currency": "XOF"}, {"has_usable_conversions": False}),
        strict=True,
    ):
        AdAccount.objects.filter(pk=account.pk).update(**change)
    ExchangeRate.objects.create(
        workspace=workspace, base="EUR", quote=workspace.currency, rate=Decimal(2), day=DAY
    )

    found = campaign_days(workspace, since=DAY, until=DAY)

    owners = dict(Campaign.objects.filter(workspace=workspace).values_list("pk", "account_id"))
    assert {owners[key] for key in found.keys.tolist()} == {accounts[0].pk, accounts[3].pk}
    here, before = (np.isin(own.keys, found.keys[:15]) for own in (found, plain))
    for name, factor in (("spend", 2), ("revenue", 2), ("installs", 1)):
        np.testing.assert_allclose(found.figures[name][here], factor * plain.figures[name][before])
    assert found.sha256 != plain.sha256
    assert len(campaign_days(other_workspace, since=DAY, until=DAY)) == 0


def test_the_newest_whole_day_is_before_today(place: Place, other_workspace: Workspace) -> None:
    assert newest_day(place.workspace, DAY) == DAY - timedelta(days=1)
    assert newest_day(place.workspace, OPTIONS.ends_on + timedelta(days=9)) == OPTIONS.ends_on
    assert newest_day(other_workspace, DAY) is None
