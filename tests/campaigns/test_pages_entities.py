"""Campaign list, entity page and calibration."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from campaigns.selectors.calibration import calibration_of
from campaigns.selectors.pages import totals_of
from tests.campaigns.factories import (
    AdAccountFactory,
    AdFactory,
    AdSetFactory,
    CampaignFactory,
    DailyPerformanceFactory,
    SafetyPolicyFactory,
)
from tests.workspaces.factories import ExchangeRateFactory
from workspaces.gate import Proposer
from workspaces.models import Proposal, Status
from workspaces.services import execution, proposing, signing


@pytest.fixture
def now() -> datetime:
    """Pages read the clock themselves, so the figures end at its day."""
    return timezone.now()


@pytest.fixture
def account(workspace):
    return AdAccountFactory(workspace=workspace, name="Main", time_zone="UTC")


@pytest.fixture
def ad(account, now):
    """An ad that spends 100 a day and earns 250, for 28 days."""
    ad = AdFactory(ad_set__campaign__account=account, ad_set__campaign__name="Spring")
    for back in range(1, 29):
        DailyPerformanceFactory(
            ad=ad,
            day=now.date() - timedelta(days=back),
            impressions=1000 + back,
            clicks=20,
            spend=Decimal(100 + back),
            revenue=Decimal(250),
            fetched_at=now,
        )
    return ad


def _form(workspace, **fields):
    return {"workspace": workspace.public_id, **fields}


def _path(kind: str, entity, tail: str = "") -> str:
    return f"/campaigns/{kind}/{entity.public_id}/{tail}"


def test_campaigns_are_listed_with_their_figures(ad, workspace, viewer, client_as):
    response = client_as(viewer).get("/campaigns/")

    (line,) = response.context["lines"]
    assert line.campaign.name == "Spring"
    assert line.figures.spend == Decimal(28 * 100 + 28 * 29 // 2)
    assert line.figures.clicks == 560
    assert line.figures.roas == Decimal(7000) / Decimal(3206)
    assert "$3,206.00" in response.text


def test_list_of_campaigns_needs_few_queries(account, workspace, viewer, client_as, now):
    for _ in range(20):
        CampaignFactory(account=account)
    client = client_as(viewer)
    client.get("/campaigns/")

    with CaptureQueriesContext(connection) as queries:
        client.get("/campaigns/")

    assert len(queries) <= 12


def test_only_rows_of_the_summing_level_are_added(ad, account, viewer, client_as, now):
    DailyPerformanceFactory(
        ad=None,
        ad_set=None,
        campaign=ad.campaign,
        account=account,
        workspace=account.workspace,
        level="campaign",
        day=now.date() - timedelta(days=1),
        spend=Decimal(9999),
        fetched_at=now,
    )

    (line,) = client_as(viewer).get("/campaigns/").context["lines"]

    assert line.figures.spend == Decimal(3206)


def test_totals_convert_or_stand_apart(ad, workspace, now):
    euro = AdAccountFactory(workspace=workspace, currency="EUR")
    DailyPerformanceFactory(
        ad=AdFactory(ad_set__campaign__account=euro),
        day=now.date() - timedelta(days=1),
        spend=Decimal(100),
        fetched_at=now,
    )

    apart = [(t.currency, t.figures.spend) for t in totals_of(workspace=workspace, now=now)]
    ExchangeRateFactory(workspace=workspace, day=now.date(), rate="1.50")
    together = [(t.currency, t.figures.spend) for t in totals_of(workspace=workspace, now=now)]

    assert apart == [("EUR", Decimal(100)), ("USD", Decimal(3206))]
    assert together == [("USD", Decimal(3356))]


def test_page_says_where_platform_days_differ(account, viewer, client_as):
    account.time_zone = "America/New_York"
    account.has_usable_conversions = False
    account.data_source = "Sample export, CC BY 4.0"
    account.save()
    campaign = CampaignFactory(account=account)
    client = client_as(viewer)

    for path in ("/campaigns/", _path("campaign", campaign)):
        text = client.get(path).text
        assert "Days are those of Main (America/New_York)" in text
        assert "Conversions and revenue of Main are not usable." in text
        assert "CC BY 4.0" in text


def test_empty_list_leads_on(workspace, viewer, client_as):
    assert 'href="/start/"' in client_as(viewer).get("/campaigns/").text


@pytest.mark.parametrize("kind", ["campaign", "adset", "ad"])
def test_entity_page_draws_its_days(ad, workspace, viewer, client_as, kind):
    entity = {"campaign": ad.campaign, "adset": ad.ad_set, "ad": ad}[kind]

    text = client_as(viewer).get(_path(kind, entity)).text

    assert "Spend, 28 days: lowest $101.00, highest $128.00, latest $101.00" in text
    assert "Clicks, 28 days: lowest 20, highest 20, latest 20" in text
    assert "Propose a change" not in text  # a viewer cannot


def test_entities_of_others_do_not_exist(ad, workspace, outsider, client_as, other_workspace):
    client = client_as(outsider)

    assert client.get(_path("adset", ad.ad_set)).status_code == 404
    assert client.get(_path("campaign", ad.ad_set)).status_code == 404
    posted = client.post(
        _path("adset", ad.ad_set, "propose/"),
        _form(other_workspace, change_type="budget", value="110", reason="x"),
    )
    assert posted.status_code == 404
    assert not Proposal.objects.exists()


def test_operator_proposes_a_budget(ad, workspace, operator, client_as):
    SafetyPolicyFactory(workspace=workspace)
    client = client_as(operator)

    response = client.post(
        _path("adset", ad.ad_set, "propose/"),
        _form(workspace, change_type="budget", value="110.00", reason="It sells."),
    )

    proposal = Proposal.objects.get()
    assert response["Location"] == f"/approvals/{proposal.public_id}/"
    assert (proposal.status, proposal.proposed_by) == (Status.PENDING, operator)
    assert proposal.current_plan.content["after"] == "110"
    detail = client.get(response["Location"]).text
    assert "$100.00" in detail
    assert "$110.00" in detail
    assert "Main, Meta" in detail
    assert "Budget: from $100.00 → to $110.00 +10 %" in _words(client, ad.ad_set)
    assert "Asked for $110.00" in _words_of(detail)


def _words(client, ad_set) -> str:
    return _words_of(client.get(_path("adset", ad_set)).text)


def _words_of(page: str) -> str:
    return " ".join(strip_tags(page.replace("</dt>", " ")).split())


def test_done_and_waiting_changes_are_written_in_the_currency(
    ad, workspace, operator, approver, client_as, now
):
    SafetyPolicyFactory(workspace=workspace)
    proposal = _propose(ad.ad_set, "120", now)
    sha = proposal.current_plan.sha256
    signing.sign(proposal_id=proposal.pk, plan_sha256=sha, by=approver, now=now)
    execution.complete_by_hand(proposal_id=proposal.pk, by=approver, now=now)
    client_as(operator).post(
        _path("adset", ad.ad_set, "propose/"),
        _form(workspace, change_type="status", value="paused", reason="It is done."),
    )

    text = _words(client_as(operator), ad.ad_set)

    assert "Budget: from $100.00 → to $120.00 +20 % · applied" in text
    assert "Status: from active → to paused Waiting" in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"change_type": "budget", "value": "many"}, "is not an amount"),
        ({"change_type": "budget", "value": "-5"}, "above zero"),
        ({"change_type": "bid", "value": "2"}, "no bid"),
        ({"change_type": "colour", "value": "2"}, "Use one of"),
        ({"change_type": "budget", "value": "110", "reason": " "}, "Say why"),
    ],
)
def test_wrong_proposal_is_named_and_kept(ad, workspace, operator, client_as, fields, sentence):
    form = _form(workspace, **{"reason": "It sells.", **fields})

    response = client_as(operator).post(_path("adset", ad.ad_set, "propose/"), form)

    assert response.status_code == 400
    assert sentence in response.text
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("persona", ["viewer", "agent"])
def test_lower_roles_do_not_propose(ad, workspace, client_as, request, persona):
    client = client_as(request.getfixturevalue(persona))

    response = client.post(
        _path("adset", ad.ad_set, "propose/"),
        _form(workspace, change_type="budget", value="110", reason="x"),
    )

    assert response.status_code == 403
    assert not Proposal.objects.exists()


def test_queue_is_narrowed_to_an_account(ad, workspace, viewer, client_as, now):
    SafetyPolicyFactory(workspace=workspace)
    other = AdSetFactory(campaign__account=AdAccountFactory(workspace=workspace))
    for ad_set in (ad.ad_set, other):
        _propose(ad_set, "110", now)

    response = client_as(viewer).get(f"/approvals/?account={ad.account.public_id}")

    assert [row.proposal.subject_label for row in response.context["page"].rows] == [ad.ad_set.name]


def test_edit_in_the_queue_changes_the_amount(ad, workspace, approver, client_as, now):
    SafetyPolicyFactory(workspace=workspace)
    proposal = _propose(ad.ad_set, "110", now)
    form = _form(workspace, plan_sha256=proposal.current_plan.sha256, value="105")

    client_as(approver).post(f"/approvals/{proposal.public_id}/edit/", form)

    proposal.refresh_from_db()
    assert proposal.current_plan.content["after"] == "105"
    assert proposal.ad_change.final_value == "105"


def _propose(ad_set, value: str, now: datetime) -> Proposal:
    return proposing.propose(
        workspace=ad_set.workspace,
        kind="ad_change",
        request={
            "entity_type": "adset",
            "entity": str(ad_set.public_id),
            "change_type": "budget",
            "value": value,
        },
        proposer=Proposer.model("sampler", "v1"),
        reason="It pays.",
        now=now,
    )


@pytest.fixture
def measured(ad, workspace, approver, now):
    """Three executed changes: one inside its interval, one outside, one not separable."""
    SafetyPolicyFactory(workspace=workspace)
    verdicts = [
        {"separable": True, "delta": "inside"},
        {"separable": True, "delta": "9999.00"},
        {"separable": False, "why": "Other changes fell into the same days."},
    ]
    for number, realised in enumerate(verdicts):
        twin = AdFactory(
            ad_set__campaign__account=ad.account, ad_set__campaign__name=f"Twin {number}"
        )
        for back in range(1, 29):
            DailyPerformanceFactory(
                ad=twin,
                day=now.date() - timedelta(days=back),
                spend=Decimal(90 + back % 7 + number),
                revenue=Decimal(200 + 3 * (back % 7)),
                fetched_at=now,
            )
        proposal = _propose(twin.ad_set, "110", now)
        sha = proposal.current_plan.sha256
        signing.sign(proposal_id=proposal.pk, plan_sha256=sha, by=approver, now=now)
        execution.complete_by_hand(proposal_id=proposal.pk, by=approver, now=now)
        if realised.get("delta") == "inside":
            realised = {**realised, "delta": proposal.current_plan.predicted["delta"]}
        Proposal.objects.filter(pk=proposal.pk).update(realised=realised, measured_at=now)


@pytest.mark.usefixtures("measured")
def test_calibration_counts_what_can_be_told_apart(workspace, viewer, client_as):
    found = calibration_of(workspace=workspace)
    response = client_as(viewer).get("/calibration/")

    (score,) = found.scores
    assert (score.label, score.measured, score.inside) == ("sampler v1", 2, 1)
    assert score.coverage == 0.5
    assert found.left_out == 1
    (scatter,) = found.scatters
    assert sorted(dot.is_inside for dot in scatter.dots) == [False, True]
    assert "1 of 2 (50 %)" in response.text
    assert "1 measured change left out because it is not separable" in response.text


@pytest.mark.usefixtures("measured")
def test_similar_changes_show_how_they_turned_out(workspace, ad, viewer, client_as, now):
    proposal = _propose(ad.ad_set, "110", now)

    text = client_as(viewer).get(f"/approvals/{proposal.public_id}/").text

    assert "inside the interval" in text
    assert "outside the interval" in text
    assert "not separable from other changes" in text


def test_empty_calibration_says_when_to_come_back(workspace, viewer, client_as):
    assert "in about eight days" in client_as(viewer).get("/calibration/").text
