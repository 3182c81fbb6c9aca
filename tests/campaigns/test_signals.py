"""Signals in a workspace: found once, kept up, resolved, put aside, acted on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from campaigns.models import (
    AdChangeHistory,
    AdSet,
    DailyOrganicMetric,
    DailyPerformance,
    Signal,
)
from campaigns.selectors.signal_actions import of_channel
from campaigns.selectors.signal_history import daily_plan
from campaigns.services.signals import (
    SignalClosedError,
    detect_signals,
    dismiss_signal,
    propose_action,
)
from tests.campaigns.factories import AdAccountFactory, AdSetFactory
from tests.campaigns.signal_rows import add_channel, ramp, since
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import (
    ExecutionAttempt,
    Notification,
    Proposal,
    WebhookDelivery,
    WebhookEndpoint,
)
from workspaces.services.proposing import propose

NOTHING = {"found": 0, "updated": 0, "resolved": 0}


@pytest.fixture
def yesterday(now):
    return now.date() - timedelta(days=1)


@pytest.fixture
def breakthrough(workspace, yesterday):
    """TikTok became a third cheaper five days ago; Meta goes on as ever and is dearer."""
    add_channel(workspace, "meta", until=yesterday, cpi=1.5, budget=Decimal(600))
    return add_channel(
        workspace, "tiktok", until=yesterday, seed=2, platform="tiktok",
        cpi=since(5, 0.6), volume=since(5, 1.6),
    )  # fmt: skip


@pytest.fixture
def fatigue(workspace, yesterday):
    """Meta wears out over two weeks."""
    add_channel(
        workspace, "meta", until=yesterday, cpi=ramp(14, 1.6), volume=ramp(14, 0.7),
        ctr=ramp(14, 0.5),
    )  # fmt: skip


def _detect(workspace, now) -> dict[str, int]:
    return detect_signals(workspace=workspace, now=now)


def test_a_breakthrough_is_found_once_with_money_and_reasons(workspace, breakthrough, now):
    assert _detect(workspace, now) == {"found": 1, "updated": 0, "resolved": 0}

    signal = Signal.objects.get()
    cpi = signal.metrics["measures"]["cpi"]
    assert (signal.type, signal.channel, signal.severity) == (
        "creative_breakthrough", "tiktok", "info",
    )  # fmt: skip
    assert (now.date() - signal.began_on).days == 5
    assert cpi["ratio"] == pytest.approx(0.6, abs=0.03)
    assert cpi["low"] < cpi["ratio"] < cpi["high"]
    assert signal.metrics["test"]["score"] >= 3.5
    assert signal.recommended_action.startswith("Give it 15 % more budget")
    impact = signal.predicted_impact
    # A week of about 384 a day at 0.6 of the cost: as much would have cost two thirds more.
    assert float(impact["amount"]) == pytest.approx(7 * 384 * (1 / 0.6 - 1), rel=0.1)
    assert float(impact["low"]) < float(impact["amount"]) < float(impact["high"])
    assert signal.money_at_stake == Decimal(impact["amount"])
    assert signal.confidence > 0.95
    # One third of 40, the only one of 30, nearly all of 20, and a day old of two weeks of 10.
    assert signal.priority == pytest.approx(40 / 3 + 30 + 20 + 10 * 13 / 14, abs=0.5)


def test_detecting_again_changes_nothing(workspace, breakthrough, now):
    _detect(workspace, now)
    before = list(Signal.objects.values())

    assert _detect(workspace, now) == NOTHING
    assert list(Signal.objects.values()) == before


def test_a_sudden_rise_upon_spending_above_its_plan_is_a_signal_of_its_own(
    workspace, yesterday, now
):
    """A plan of two thirds of what is usual; four days ago spend rose by two fifths."""
    add_channel(workspace, "meta", until=yesterday, volume=since(4, 1.4), budget=Decimal(270))
    _detect(workspace, now - timedelta(days=5))
    (lasting,) = Signal.objects.filter(type="budget_overrun", resolved_at=None)

    for days in (4, 3, 2, 1, 0):
        _detect(workspace, now - timedelta(days=days))

    rise = Signal.objects.get(type="budget_overrun", resolved_at=None)
    lasting.refresh_from_db()
    assert (now.date() - rise.began_on).days == 4
    assert lasting.resolved_on == rise.detected_on
    assert lasting.began_on < rise.began_on


def test_google_counts_under_one_name_with_its_budgets(workspace, yesterday, operator, now):
    """Campaigns without a channel are their platform's: figures, plan and action agree on it."""
    add_channel(workspace, "meta", until=yesterday, cpi=1.5, budget=Decimal(600))
    google = add_channel(
        workspace, "", until=yesterday, seed=2, platform="google",
        cpi=since(5, 0.6), volume=since(5, 1.6),
    )  # fmt: skip

    assert _detect(workspace, now) == {"found": 1, "updated": 0, "resolved": 0}
    signal = Signal.objects.get()
    assert (signal.type, signal.channel) == ("creative_breakthrough", "google_ads")
    assert daily_plan(workspace, on=yesterday) == {"google_ads": 400, "meta": 600}
    made = propose_action(signal=signal, by=Proposer.person(operator), now=now)
    values = {row.request["entity"]: row.request["value"] for row in made}
    assert values[str(google.public_id)] == "460.00"
    assert AdSet.objects.filter(of_channel("google_ads", prefix="campaign__")).get() == google


def test_calm_figures_tell_nothing(workspace, yesterday, now):
    add_channel(workspace, "meta", until=yesterday)

    assert _detect(workspace, now) == NOTHING


def test_a_workspace_without_figures_has_no_signals(workspace, now):
    assert _detect(workspace, now) == NOTHING


def test_other_workspaces_are_not_touched(workspace, other_workspace, breakthrough, now):
    assert _detect(other_workspace, now) == NOTHING
    assert not Signal.objects.exists()


def test_fatigue_names_the_creative_that_wore_most(workspace, fatigue, now):
    ad = workspace.ad_set.get()
    worn = ad.account.creatives.create(workspace=workspace, external_id="c", headline="Old offer")
    workspace.ad_set.update(creative=worn)
    _detect(workspace, now)

    assert Signal.objects.get().creative == worn
    assert _detect(workspace, now) == NOTHING


def test_fatigue_updates_as_it_grows_and_resolves_when_it_is_over(workspace, fatigue, now):
    earlier = now - timedelta(days=3)
    _detect(workspace, earlier)
    first = Signal.objects.get()
    assert (first.type, first.channel) == ("creative_fatigue", "meta")

    _detect(workspace, now)
    later = Signal.objects.get()
    assert later.pk == first.pk
    assert later.began_on == first.began_on
    assert later.seen_on > first.seen_on
    assert later.metrics["measures"]["cpi"]["ratio"] > first.metrics["measures"]["cpi"]["ratio"]

    _back_to_usual(workspace, days=4, now=now)
    counts = _detect(workspace, now + timedelta(days=4))
    over = Signal.objects.get()
    assert counts["resolved"] == 1
    assert (over.resolution, over.resolved_at) == ("returned", now + timedelta(days=4))


def _back_to_usual(workspace, *, days: int, now) -> None:
    """Repeat what was usual three weeks before its end."""
    rows = DailyPerformance.objects.filter(workspace=workspace)
    for n in range(days):
        usual = rows.get(day=now.date() - timedelta(days=30 - n))
        usual.pk, usual.day = None, now.date() + timedelta(days=n)
        usual.save()


def test_a_dismissed_signal_is_not_told_again_while_it_lasts(workspace, fatigue, operator, now):
    _detect(workspace, now - timedelta(days=2))
    dismiss_signal(signal=Signal.objects.get(), by=operator, now=now)
    dismiss_signal(signal=Signal.objects.get(), by=operator, now=now + timedelta(hours=1))

    _detect(workspace, now)

    signal = Signal.objects.get()
    assert (signal.dismissed_at, signal.dismissed_by) == (now, operator)


def test_past_events_are_kept_resolved_and_told_nobody(workspace, yesterday, now):
    WebhookEndpoint.objects.create(workspace=workspace, url="https://x.example/hook")
    factors = since(30, 1.0)
    factors[30:38] = 0.6
    add_channel(workspace, "meta", until=yesterday, cpi=factors, volume=1 / factors)

    _detect(workspace, now)

    signal = Signal.objects.get(type="creative_breakthrough")
    assert signal.resolution == "returned"
    assert not WebhookDelivery.objects.exists()


def test_webhooks_hear_and_critical_ones_are_noticed(
    workspace, fatigue, viewer, now, django_capture_on_commit_callbacks
):
    WebhookEndpoint.objects.create(workspace=workspace, url="https://x.example/hook")

    with django_capture_on_commit_callbacks():
        _detect(workspace, now)
        _detect(workspace, now)

    assert [row.event_type for row in WebhookDelivery.objects.all()] == ["signal.detected"]
    notice = Notification.objects.get(user=viewer)
    assert (notice.topic, notice.title) == ("signal.critical", "Meta: creatives wear out")


def test_more_organic_installs_are_a_viral_moment(workspace, yesterday, now):
    add_channel(workspace, "meta", until=yesterday)
    DailyOrganicMetric.objects.bulk_create(
        DailyOrganicMetric(
            workspace=workspace, day=yesterday - timedelta(days=n),
            organic_installs=330 if n < 2 else 100 + n % 5,
        )
        for n in range(60)
    )  # fmt: skip

    _detect(workspace, now)

    signal = Signal.objects.get(type="viral_moment")
    assert signal.metrics["measures"]["organic"]["ratio"] == pytest.approx(3.24, abs=0.1)
    # 228 more a day for a week, at the paid price of about 2.
    assert signal.money_at_stake == pytest.approx(Decimal(7 * 228 * 2), rel=Decimal("0.1"))


def test_spend_beyond_the_daily_budgets_is_an_overrun(workspace, yesterday, now):
    add_channel(workspace, "meta", until=yesterday, cpi=since(4, 1.4))

    _detect(workspace, now)

    signal = Signal.objects.get(type="budget_overrun")
    assert (signal.severity, signal.channel) == ("critical", "")
    assert signal.money_at_stake < 0


def test_only_one_open_signal_of_an_event(workspace, breakthrough, now):
    _detect(workspace, now)
    twin = Signal.objects.get()
    twin.pk = None
    twin.public_id = "01932f6e-0000-7000-8000-000000000001"

    with pytest.raises(IntegrityError, match="campaigns_signal_one_open"), transaction.atomic():
        twin.save()


def test_a_budget_that_left_what_was_signed_is_drift(workspace, yesterday, now, signed_budget):
    ad_set = signed_budget(Decimal(120))
    assert _detect(workspace, now) == NOTHING

    ad_set.daily_budget, ad_set.mirrored_at = Decimal(200), now
    ad_set.save()
    _detect(workspace, now)

    signal = Signal.objects.get(type="platform_drift")
    assert (signal.campaign, signal.severity) == (ad_set.campaign, "critical")
    assert signal.money_at_stake == Decimal(7 * 80)
    assert "200 USD" in signal.description

    ad_set.daily_budget = Decimal(120)
    ad_set.save()
    assert _detect(workspace, now + timedelta(hours=1))["resolved"] == 1


@pytest.fixture
def signed_budget(workspace, operator, now):
    """An ad set whose budget was signed and sent yesterday, and read since."""

    def build(value: Decimal):
        ad_set = AdSetFactory(
            campaign__account=AdAccountFactory(workspace=workspace),
            daily_budget=value, mirrored_at=now - timedelta(hours=1),
        )  # fmt: skip
        proposal = propose(
            workspace=workspace, kind="ad_change", proposer=Proposer.person(operator),
            request={"entity_type": "adset", "entity": str(ad_set.public_id),
                     "change_type": "budget", "value": str(value + 10), "exact": True},
            reason="More of it.", now=now,
        )  # fmt: skip
        sent = now - timedelta(days=1)
        attempt = ExecutionAttempt.objects.create(
            plan=proposal.current_plan, number=1, worker="w", started_at=sent, settled_at=sent
        )
        AdChangeHistory.objects.create(
            workspace=workspace, proposal=proposal, attempt=attempt, account=ad_set.account,
            entity_type="adset", entity_id=ad_set.pk, entity_external_id=ad_set.external_id,
            campaign_id=ad_set.campaign_id, change_type="budget", old_value="100",
            new_value=str(value), currency="USD", triggered_by="person", proposer="olga",
            reason="More of it.", queued_at=sent, started_at=sent, completed_at=sent,
            duration_ms=200, status="applied",
        )  # fmt: skip
        return ad_set

    return build


def test_an_operator_moves_budget_to_the_breakthrough(
    workspace, breakthrough, operator, viewer, now
):
    _detect(workspace, now)
    signal = Signal.objects.get()

    made = propose_action(signal=signal, by=Proposer.person(operator), now=now)

    values = {row.request["entity"]: row.request["value"] for row in made}
    giver = AdSet.objects.get(campaign__channel="meta")
    # 15 % of 400 is 60; Meta, whose installs are dearer, gives them of its 600.
    assert values == {str(breakthrough.public_id): "460.00", str(giver.public_id): "540.00"}
    assert len({row.bundle_id for row in made}) == 1
    assert {row.status for row in made} == {"pending"}

    again = propose_action(signal=signal, by=Proposer.person(operator), now=now)
    assert [row.pk for row in again] == [row.pk for row in made]


def test_a_viewer_may_not_propose(workspace, breakthrough, viewer, now):
    _detect(workspace, now)

    with pytest.raises(NotAllowedError, match="role of operator"):
        propose_action(signal=Signal.objects.get(), by=Proposer.person(viewer), now=now)
    assert not Proposal.objects.exists()


def test_an_overrun_is_cut_so_that_the_month_lands_on_plan(workspace, yesterday, operator, now):
    ad_set = add_channel(workspace, "meta", until=yesterday, cpi=since(4, 1.4))
    _detect(workspace, now)
    signal = Signal.objects.get(type="budget_overrun")

    (made,) = propose_action(signal=signal, by=Proposer.person(operator), now=now)

    spent = DailyPerformance.objects.filter(day__gte="2026-11-01").aggregate(s=Sum("spend"))["s"]
    wanted = (Decimal(400) * 30 - spent) / 10
    assert made.request == {
        "entity_type": "adset", "entity": str(ad_set.public_id), "change_type": "budget",
        "value": f"{wanted:.2f}",
    }  # fmt: skip


def test_what_no_ad_change_can_do_is_said_in_words(workspace, operator, now):
    signal = _signal(workspace, now, type="viral_moment", recommended_action="Retarget them.")

    with pytest.raises(SignalClosedError, match="Retarget them"):
        propose_action(signal=signal, by=Proposer.person(operator), now=now)


def test_nothing_is_proposed_once_it_is_over(workspace, operator, now):
    signal = _signal(
        workspace, now, type="budget_overrun", resolved_at=now, resolved_on=now.date(),
        resolution="returned",
    )  # fmt: skip

    with pytest.raises(SignalClosedError, match="is over"):
        propose_action(signal=signal, by=Proposer.person(operator), now=now)


def _signal(workspace, now, **fields) -> Signal:
    day = now.date()
    return Signal.objects.create(
        **{
            "workspace": workspace, "severity": "info", "title": "Something changed",
            "description": "It did.", "began_on": day, "detected_on": day, "seen_on": day,
            "metrics": {}, "confidence": 0.9, **fields,
        }
    )  # fmt: skip


def test_where_no_apps_are_sold_signals_speak_of_conversions(workspace, breakthrough, now):
    DailyPerformance.objects.update(conversions=F("installs"), installs=0)

    _detect(workspace, now)

    signal = Signal.objects.get()
    assert signal.title.endswith(": conversions cost less and there are more of them")
    assert "cost per conversion" in signal.description
    assert "nstall" not in signal.title + signal.description
    assert signal.metrics["measures"]["cpi"]["label"] == "cost per conversion"
