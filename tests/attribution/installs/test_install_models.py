"""What the tables of installs and sessions refuse."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from attribution.models import UserInstall, UserSession
from tests.attribution.installs.app_steps import DAY, install, session
from tests.campaigns.factories import AdFactory, CampaignFactory

PAID = {"is_payer": True, "first_purchase_day": 2, "revenue_total": 5}
LEFT = {
    "is_churned": True, "churned_on": DAY, "days_to_churn": 0, "churn_reason": "inactive",
}  # fmt: skip


def test_averages_of_rows_are_the_figures_of_the_cohort(workspace):
    install(workspace, "free")
    install(workspace, "payer", **PAID)

    rows = UserInstall.objects.order_by("user_id").values_list("arpu", "arppu")

    assert list(rows) == [(0, None), (5, 5)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "bought"},
        {"device_type": "fridge"},
        {"segment": "whale"},
        {"channel": ""},
        {**PAID, "revenue_total": 0},
        {"revenue_total": 5},
        {**PAID, "first_purchase_day": None},
        {**PAID, "revenue_7_days": 3, "revenue_30_days": 2},
        {**PAID, "revenue_30_days": 6},
        {"sessions_7_days": 2, "sessions_30_days": 1},
        {"is_churned": True},
        {**LEFT, "is_churned": False},
        {**LEFT, "churn_reason": "bored"},
    ],
)
def test_impossible_installs_are_refused(workspace, wrong):
    with pytest.raises(IntegrityError):
        install(workspace, **wrong)


def test_an_organic_install_has_no_campaign(workspace):
    campaign = CampaignFactory(account__workspace=workspace)

    with pytest.raises(IntegrityError):
        install(workspace, campaign=campaign)


def test_a_user_installs_once_per_workspace(workspace, other_workspace):
    install(workspace, "u")
    install(other_workspace, "u")

    with pytest.raises(IntegrityError):
        install(workspace, "u")


def test_sessions_lie_in_partitions_of_their_months(workspace):
    user = install(workspace, day=date(2026, 9, 30))
    session(user, "a")
    session(user, "b", after=1)
    session(user, "c", after=92)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM attribution_usersession ORDER BY session_id"
        )
        parts = [name for (name,) in cursor.fetchall()]

    assert parts == [f"attribution_usersession_{month}" for month in ("202609", "202610", "202612")]


def test_a_session_belongs_to_a_user_of_its_workspace(workspace, other_workspace):
    theirs = install(other_workspace)
    theirs.workspace_id = workspace.pk

    with pytest.raises(IntegrityError, match="of no user of its workspace"):
        session(theirs, "s")


def test_a_session_stays_with_a_user_of_its_workspace(workspace, other_workspace):
    session(install(workspace), "s")
    theirs = install(other_workspace)

    with pytest.raises(IntegrityError, match="of no user of its workspace"):
        UserSession.objects.update(install=theirs)


def test_a_user_with_sessions_stays(workspace):
    session(install(workspace), "s")

    with pytest.raises(IntegrityError, match="has sessions"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM attribution_userinstall")


def test_campaign_and_ad_of_an_install_fit_together(workspace, other_workspace):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    theirs = CampaignFactory(account__workspace=other_workspace)
    paid = {"source": "paid", "channel": "meta"}
    install(workspace, campaign=ad.campaign, ad=ad, **paid)

    for wrong in ({"campaign": theirs}, {"ad": ad}, {"campaign": ad.campaign, "creative_id": 0}):
        with pytest.raises(IntegrityError, match="do not fit together"), transaction.atomic():
            install(workspace, "v", **paid, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"seconds": 86_401}, {"quality": 101}, {"revenue": -1}, {"session_id": ""}]
)
def test_impossible_sessions_are_refused(workspace, wrong):
    user = install(workspace)

    with pytest.raises(IntegrityError):
        session(user, **{"session_id": "s", **wrong})


def test_a_session_is_kept_once(workspace, other_workspace):
    session(install(workspace), "s")
    session(install(other_workspace), "s")

    assert UserSession.objects.count() == 2
    with pytest.raises(IntegrityError):
        session(UserInstall.objects.get(workspace=workspace), "s", seconds=5)
