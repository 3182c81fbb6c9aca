"""Scores of creatives: percentile of CTR × CVR among the account's creatives of a format."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import AdAccount, Creative
from campaigns.selectors.derived import NO_SCORE
from campaigns.services.deriving import refresh_derived
from tests.campaigns.factories import AdAccountFactory, AdFactory, DailyPerformanceFactory


@pytest.fixture
def account(workspace):
    return AdAccountFactory(workspace=workspace, time_zone="UTC")


def _creative(
    account: AdAccount, now: datetime, conversions: str, *, shown: int = 10_000, **fields: object
) -> Creative:
    """A creative with one ad, which had so many conversions yesterday."""
    creative = Creative.objects.create(
        workspace=account.workspace,
        account=account,
        external_id=f"cr{Creative.objects.count()}",
        **{"format": "video", **fields},
    )
    _day(AdFactory(ad_set__campaign__account=account, creative=creative), now, conversions, shown)
    return creative


def _day(ad, now: datetime, conversions: str, shown: int, back: int = 1, **fields) -> None:
    day = now.date() - timedelta(days=back)
    DailyPerformanceFactory(
        ad=ad, day=day, impressions=shown, clicks=100, conversions=Decimal(conversions), **fields
    )


def _scores(account: AdAccount, now: datetime) -> list[int | None]:
    refresh_derived(accounts=[account], now=now)
    rows = Creative.objects.filter(account=account).order_by("pk")
    return list(rows.values_list("performance_score", flat=True))


def test_best_has_100_worst_0_and_equals_the_same(account, now):
    for conversions in ("10", "50", "20", "20", "0"):
        _creative(account, now, conversions)

    assert _scores(account, now) == [25, 100, 63, 63, 0]


def test_rate_counts_not_the_amount(account, now):
    for conversions, shown in (("40", 40_000), ("20", 10_000), ("30", 20_000), ("1", 10_000)):
        _creative(account, now, conversions, shown=shown)
    _creative(account, now, "100", shown=1_000)

    assert _scores(account, now) == [25, 75, 50, 0, 100]


def test_days_and_ads_of_a_creative_are_summed(account, now):
    first = _creative(account, now, "0")
    _day(first.ads.get(), now, "30", 10_000, back=30)
    _day(first.ads.get(), now, "9999", 10_000, back=31)  # out of the window
    twin = AdFactory(ad_set__campaign__account=account, creative=first)
    _day(twin, now, "30", 10_000)
    for conversions in ("19", "21", "10", "40"):
        _creative(account, now, conversions)

    assert _scores(account, now) == [50, 25, 75, 0, 100]


def test_formats_and_accounts_are_apart(account, now):
    other = AdAccountFactory(workspace=account.workspace, time_zone="UTC")
    for conversions in range(5):
        _creative(account, now, str(conversions))
        _creative(account, now, str(100 - conversions), format="image")
        _creative(other, now, "500")

    assert _scores(account, now) == [0, 100, 25, 75, 50, 50, 75, 25, 100, 0]
    assert not Creative.objects.filter(account=other).exclude(performance_score=None).exists()


@pytest.mark.parametrize(
    ("shown", "expected"), [(999, [None] * 5), (1_000, [0, 25, 50, 75, 100])], ids=str
)
def test_few_impressions_or_peers_give_no_score(account, now, shown, expected):
    for conversions in range(4):
        _creative(account, now, str(conversions))
    _creative(account, now, "9", shown=shown)

    assert _scores(account, now) == expected


def test_nobody_is_ranked_where_nothing_was_converted(account, now):
    for _ in range(5):
        _creative(account, now, "0")

    assert _scores(account, now) == [None] * 5


def test_score_is_taken_back(account, now):
    for conversions in range(5):
        _creative(account, now, str(conversions))
    assert _scores(account, now) == [0, 25, 50, 75, 100]

    AdAccount.objects.filter(pk=account.pk).update(has_usable_conversions=False)

    assert _scores(account, now) == [None] * 5


def test_refresh_is_one_statement_however_many(account, now):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            refresh_derived(accounts=[account], now=now)
        return len(captured)

    _creative(account, now, "1")
    few = queries()
    for conversions in range(9):
        _creative(account, now, str(conversions))

    assert queries() == few


@pytest.fixture
def scored(account, now):
    """Creatives of one ad set, scored 0, 100 and not at all."""
    made = [
        Creative.objects.create(
            workspace=account.workspace,
            account=account,
            external_id=name,
            headline=name,
            performance_score=score,
        )
        for name, score in (("Middle", None), ("Low", 0), ("High", 100))
    ]
    first = AdFactory(ad_set__campaign__account=account, creative=made[0], name="A")
    for creative, name in zip(made[1:], "BC", strict=True):
        AdFactory(ad_set=first.ad_set, creative=creative, name=name)
    return first.ad_set


def test_api_orders_by_score_page_by_page(scored, viewer, client_as):
    client = client_as(viewer)

    def names(order: str) -> list[str]:
        found, address = [], f"/api/creatives/?ordering={order}&page_size=1"
        while address:
            answer = client.get(address).json()
            found += [row["headline"] for row in answer["results"]]
            address = answer["next"]
        return found

    assert names("-performance_score") == ["High", "Low", "Middle"]
    assert names("performance_score") == ["Middle", "Low", "High"]


def test_api_pages_end_where_many_have_no_score(account, viewer, client_as):
    rows = [
        Creative(workspace=account.workspace, account=account, external_id=f"x{number}")
        for number in range(1_201)
    ]
    Creative.objects.bulk_create(rows)
    client, seen = client_as(viewer), []
    address = "/api/creatives/?ordering=-performance_score&page_size=200"

    while address:
        answer = client.get(address).json()
        seen += [row["external_id"] for row in answer["results"]]
        address = answer["next"]

    assert len(seen) == len(set(seen)) == 1_201


def test_admin_sorts_by_score_and_says_why_there_is_none(scored, admin, client_as):
    client = client_as(admin)
    url = reverse("admin:campaigns_creative_changelist")
    column = 6

    best_first = client.get(url, {"o": f"-{column}"})
    unscored = Creative.objects.get(headline="Middle")
    page = client.get(reverse("admin:campaigns_creative_change", args=[unscored.pk]))

    assert [row.headline for row in best_first.context["cl"].result_list] == [
        "High",
        "Low",
        "Middle",
    ]
    assert "too few figures" in best_first.text
    assert NO_SCORE in page.text


def test_ad_set_page_sorts_its_ads_by_score(scored, viewer, client_as):
    client = client_as(viewer)
    path = f"/campaigns/adset/{scored.public_id}/"

    by_name, by_score = client.get(path), client.get(f"{path}?sort=score")

    assert [ad.name for ad in by_name.context["found"].children] == ["A", "B", "C"]
    assert [ad.name for ad in by_score.context["found"].children] == ["C", "B", "A"]
    assert "score 100" in by_name.text
    assert "not scored" in by_name.text


def test_ad_page_shows_the_score_or_why_there_is_none(scored, viewer, client_as):
    client = client_as(viewer)
    texts = {ad.name: client.get(f"/campaigns/ad/{ad.public_id}/").text for ad in scored.ads.all()}

    assert "100 of 100" in texts["C"]
    assert NO_SCORE in texts["A"]
