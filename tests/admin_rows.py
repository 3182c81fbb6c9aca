"""One row of every model that the admin shows, in a workspace; and who may do what with it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pgtrigger
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from attribution.models import (
    AppCohort,
    AppDay,
    AttributionAttempt,
    AttributionPolicy,
    Click,
    Conversion,
    ConversionDestination,
    CrmSync,
    FingerprintSalt,
    FunnelAlert,
    FunnelAnalytics,
    FunnelDefinition,
    FunnelEntry,
    Identifier,
    IdentityMerge,
    OptimizationRecommendation,
    OutgoingConversion,
    PageView,
    Person,
    QuarantinedEvent,
    RollupWork,
    SavedCohort,
    SavedCohortMember,
    SessionWork,
    Site,
    StageValueChange,
    TouchKind,
    UserInstall,
    UserSession,
    Visitor,
    VisitorSalt,
    WebDay,
    WebEvent,
    WebSession,
    WebTally,
)
from attribution.services.attribution_runs import refresh_attribution
from attribution.services.crm_values import ingest_ad_values
from attribution.services.installs.partitions import ensure_months
from attribution.services.ledger import DealRef, SeenMove, record_moves
from attribution.services.stage_values import install_template
from attribution.services.touches import Touch, record_touch
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sites import create_site
from campaigns.models import (
    AdChangeHistory,
    Campaign,
    DailyOrganicMetric,
    ImportMapping,
    ImportRow,
    ImportRun,
    PendingAdChange,
    Prediction,
    RecommendationSending,
    ScenarioSending,
    Signal,
)
from campaigns.services.channels import ensure_channels
from mlops.models import (
    BudgetRecommendation,
    CampaignScore,
    Canary,
    DriftReport,
    MLDashboard,
    ModelPolicy,
    ModelPrediction,
    PolicyTrial,
    Promotion,
    ReachCTRTimeseries,
    ROIForecast,
    ROITimeseries,
    SamplerDecision,
    SamplerFeedback,
    ScoreDay,
    ShadowReport,
    SyncRun,
    SyntheticWorld,
    UserScore,
    WinnerPolicy,
    WinnerSnapshot,
    WorldTruth,
)
from tests.campaigns.advice.steps import recommendation_of
from tests.campaigns.alerting.steps import alert_of
from tests.campaigns.factories import AdFactory, DailyPerformanceFactory, SafetyPolicyFactory
from tests.campaigns.scenarios.steps import stored
from tests.experiments import admin_rows as experiment_rows
from tests.inbox import admin_rows as inbox_rows
from tests.mlops.registry.steps import version_of
from tests.mlops.winners.steps import directions, winner_with
from tests.outreach import admin_rows as outreach_rows
from tests.workspaces import note_kind
from tests.workspaces.factories import ConnectionFactory, ExchangeRateFactory, MembershipFactory
from workspaces.gate import Proposer
from workspaces.models import (
    AgentSuggestion,
    ApiKey,
    Delegation,
    ExecutionAttempt,
    IdempotencyRecord,
    InboundEvent,
    Invitation,
    JobConfig,
    JobRun,
    KillSwitchEvent,
    Notification,
    NotificationPreference,
    Proposal,
    SavedView,
    Session,
    SuggestedAction,
    ThrottleRate,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    Workspace,
)
from workspaces.services import proposing, signing

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def registered() -> list[type[Model]]:
    """Models with an admin page, in a stable order."""
    return sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


def fill(workspace: Workspace, user: User, approver: User) -> None:
    """Make a row of every model; ``user`` owns the personal ones."""
    _people(workspace, user)
    _outside(workspace, user)
    _work(workspace, user)
    _change(workspace, approver)
    _canary(workspace, approver)
    _attribution(workspace)
    _website(workspace)
    _app(workspace)
    _deals(workspace)
    _libraries(user)
    experiment_rows.fill(workspace, propose(workspace, "start"), propose(workspace, "winner"))
    outreach_rows.fill(workspace, propose(workspace, "launch"))
    inbox_rows.fill(workspace, user, propose(workspace, "reply"))


def _people(workspace: Workspace, user: User) -> None:
    other = MembershipFactory(workspace=workspace).user
    later = NOW + timedelta(days=7)
    Invitation.objects.create(
        workspace=workspace, email="new@example.com", invited_by=user, expires_at=later
    )
    Delegation.objects.create(
        workspace=workspace, giver=user, taker=other, starts_at=NOW, ends_at=later
    )
    Notification.objects.create(
        workspace=workspace, user=user, topic="t", title="Hello", dedup_key="1", created_at=NOW
    )
    NotificationPreference.objects.create(workspace=workspace, user=user)
    SavedView.objects.create(workspace=workspace, user=user, page="p", name="Mine", query="a=1")
    Session.objects.create(
        session_key=uuid4().hex, session_data="secret-data", expire_date=later, user=user
    )


def _outside(workspace: Workspace, user: User) -> None:
    connection = ConnectionFactory(workspace=workspace, secret="cipher-of-connection")
    InboundEvent.objects.create(connection=connection, dedup_key="1", body="{}", received_at=NOW)
    endpoint = WebhookEndpoint.objects.create(
        workspace=workspace, url="https://example.com/hook", secret="cipher-of-endpoint"
    )
    WebhookDelivery.objects.create(
        endpoint=endpoint, event_type="x", event_id="1", body="{}", created_at=NOW
    )
    key, _ = ApiKey.objects.create_key(
        name="Key", workspace=workspace, scopes=["changes:read"], acts_as=user
    )
    agent, _ = ApiKey.objects.create_key(
        name="Agent", workspace=workspace, scopes=["changes:propose"], kind="agent"
    )
    suggestion = AgentSuggestion.objects.create(
        workspace=workspace, agent=agent, agent_type="watcher", external_id="1", digest="d",
        type="budget_change", title="Raise it", suggested_at=NOW, created_at=NOW,
    )  # fmt: skip
    SuggestedAction.objects.create(
        suggestion=suggestion, position=0, action_type="create_ab_test", label="Draft", url="/x/"
    )
    ThrottleRate.objects.create(workspace=workspace, api_key=key, scope="read", calls=5)
    IdempotencyRecord.objects.create(
        workspace=workspace, owner="u", key="k", request_hash="h", created_at=NOW, body="answer"
    )


def _work(workspace: Workspace, user: User) -> None:
    JobConfig.objects.create(workspace=workspace, name="sync", max_per_hour=10)
    now = datetime.now(UTC)
    JobRun.objects.create(
        workspace=workspace, name="sync", state="failed", queued_at=now, started_at=now,
        finished_at=now, error="It broke.", started_by=user,
    )  # fmt: skip
    KillSwitchEvent.objects.create(
        workspace=workspace, is_on=True, reason="Stop", by=user, by_label="me", at=NOW
    )
    ExchangeRateFactory(workspace=workspace)
    mapping = {"workspace": workspace, "created_by": user}
    ImportMapping.objects.create(name="File", header_signature="s", **mapping)
    run = ImportRun.objects.create(file_name="a.csv", **mapping)
    ImportRow.objects.create(run=run, line=2, reason="Bad day.")
    SamplerFeedback.objects.create(
        workspace=workspace, arm="a", event_id="1", spend=1, pipeline_value=2, source="api", at=NOW
    )


def propose(workspace: Workspace, page: str = "1") -> Proposal:
    """Make a proposal of the note kind."""
    note_kind.install()
    return proposing.propose(
        workspace=workspace,
        kind="note",
        reason="Because.",
        proposer=Proposer.model("sampler", "v1"),
        request={"page": page, "text": "hello"},
        now=datetime.now(UTC),
    )


def _change(workspace: Workspace, approver: User) -> None:
    proposal = propose(workspace, "history")
    plan = proposal.current_plan
    signing.sign(
        proposal_id=proposal.pk, plan_sha256=plan.sha256, by=approver, now=datetime.now(UTC)
    )
    attempt = ExecutionAttempt.objects.create(plan=plan, number=1, worker="w", started_at=NOW)
    ad = AdFactory(
        ad_set__campaign__account__workspace=workspace,
        creative=None,
    )
    ad.account.creatives.create(workspace=workspace, external_id="c1", headline="Buy")
    RecommendationSending.objects.create(
        recommendation=recommendation_of(workspace), workspace=workspace, sent_by=approver,
        sent_by_label="me", sent_at=NOW,
    )  # fmt: skip
    ScenarioSending.objects.create(
        scenario=stored(workspace, approver), workspace=workspace, sent_by=approver,
        sent_by_label="me", sent_at=NOW,
    )  # fmt: skip
    DailyPerformanceFactory(ad=ad)
    SafetyPolicyFactory(workspace=workspace)
    entity: dict[str, Any] = {
        "workspace": workspace, "proposal": proposal, "account": ad.account, "entity_type": "ad",
        "entity_id": ad.pk, "entity_external_id": ad.external_id, "campaign_id": ad.campaign_id,
        "change_type": "budget", "currency": "USD",
    }  # fmt: skip
    PendingAdChange.objects.create(
        **entity, entity_name=ad.name, current_value="1", requested_value="2", final_value="2"
    )
    now = datetime.now(UTC)
    AdChangeHistory.objects.create(
        **entity, attempt=attempt, old_value="1", new_value="2", triggered_by="model", proposer="s",
        reason="r", queued_at=now, started_at=now, completed_at=now, duration_ms=1,
        status="refused", error="No.",
    )  # fmt: skip
    version = version_of(workspace, NOW)
    ModelPrediction.objects.create(
        workspace=workspace, version=version, batch=uuid4(), position=0, output=[0.5],
        features={"channel": "meta"}, role="champion", door="api", code_version="c", created_at=NOW,
    )  # fmt: skip
    Promotion.objects.create(
        proposal=propose(workspace, "model"), workspace=workspace,
        version=version,
    )  # fmt: skip
    SamplerDecision.objects.create(
        workspace=workspace, allocation_id=uuid4(), arm="a", seed=1, mode="m", decision="hold",
        current_budget=1, recommended_budget=1, propensity=0.5, alpha=1, beta=1, confidence=0.5,
        reason="r", proposal=proposal, at=NOW,
    )  # fmt: skip
    PolicyTrial.objects.create(
        workspace=workspace, asked={"policy": "equal", "days": 90}, asked_at=NOW
    )


def _website(workspace: Workspace) -> None:
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    own = {"workspace": workspace, "site": site}
    VisitorSalt.objects.create(workspace=workspace, day=NOW.date(), secret="cipher-of-salt")
    QuarantinedEvent.objects.create(
        **own, received_at=NOW, field="id", message="No id.", payload="{}"
    )
    WebTally.objects.create(**own, day=NOW.date(), reason="bot", events=1)
    SessionWork.objects.create(**own, visitor_key=uuid4(), since=NOW, received_at=NOW)
    RollupWork.objects.create(**own, day=NOW.date())
    WebDay.objects.create(**own, day=NOW.date(), dimension="total", sessions=1, visitors=1)
    visitor = Visitor.objects.create(
        **own, key=uuid4(), has_consent=True, first_seen_at=NOW, last_seen_at=NOW
    )
    session = WebSession.objects.create(
        **own, public_id=uuid4(), visitor=visitor, visitor_key=visitor.key, chain_started_at=NOW,
        started_at=NOW, ended_at=NOW, local_day=NOW.date(), source="direct", channel="direct",
        page_views=1, events=0, seconds=0, is_bounce=True, furthest_stage="home",
        engagement_score=0,
    )  # fmt: skip
    ensure_days([NOW.date()])
    seen = {**own, "event_id": uuid4(), "day": NOW.date(), "visitor_key": visitor.key, "at": NOW}
    WebEvent.objects.create(
        **seen, has_consent=True, received_at=NOW, type="page_view", category="navigation",
        is_tagged=False,
    )  # fmt: skip
    PageView.objects.create(
        **seen, local_day=NOW.date(), session_id=session.public_id, position=1, stage="home",
        is_conversion_page=False, is_exit=True, seconds=1, scroll=0, interactions=0,
    )  # fmt: skip
    _funnel(site, visitor)


def _app(workspace: Workspace) -> None:
    ensure_channels(workspace=workspace)
    DailyOrganicMetric.objects.create(workspace=workspace, day=NOW.date())
    Prediction.objects.create(
        workspace=workspace, campaign=Campaign.objects.filter(workspace=workspace).first(),
        day=NOW.date(), horizon_days=7, predicted_roas=2, low=1, high=3, risk_level="low",
        model_version="plain-1", created_at=NOW,
    )  # fmt: skip
    Signal.objects.create(
        workspace=workspace, type="viral_moment", severity="info", title="More people come",
        description="Since yesterday.", began_on=NOW.date(), detected_on=NOW.date(),
        seen_on=NOW.date(), metrics={}, confidence=0.9,
    )  # fmt: skip
    alert_of(workspace)
    install = UserInstall.objects.create(
        workspace=workspace, user_id="u", channel="organic", source="organic",
        installed_on=NOW.date(),
    )  # fmt: skip
    ensure_months([NOW.date()])
    UserSession.objects.create(
        workspace=workspace, session_id="s", install=install, started_at=NOW, day=NOW.date(),
        seconds=60,
    )  # fmt: skip
    AppDay.objects.create(workspace=workspace, day=NOW.date(), channel="organic", source="organic")
    AppCohort.objects.create(
        workspace=workspace, installed_on=NOW.date(), channel="organic", source="organic", users=1
    )
    _watched(workspace, install)
    WorldTruth.objects.create(workspace=workspace, install=install, segment="regular", churn_day=9)
    _winners(workspace)
    _boards(workspace)
    SyntheticWorld.objects.create(
        workspace=workspace, seed=1, starts_on=NOW.date(), days=1, users=1, sessions=1,
        session_factor=1, events=[], made_at=NOW,
    )  # fmt: skip


def _watched(workspace: Workspace, install: UserInstall) -> None:
    own = {"workspace": workspace, "version": version_of(workspace, NOW)}
    day = NOW.date()
    ModelPolicy.objects.create(workspace=workspace)
    UserScore.objects.create(**own, install=install, began_on=day, scored_on=day, score=0.5)
    CampaignScore.objects.create(
        **own, campaign=Campaign.objects.filter(workspace=workspace).first(), began_on=day,
        scored_on=day, figures=[0.5],
    )  # fmt: skip
    ScoreDay.objects.create(**own, began_on=day, users=1, total=0.5)
    DriftReport.objects.create(
        **own, day=day, rows=200, is_moved=False, verdict="Stable.", made_at=NOW
    )
    ShadowReport.objects.create(
        **own, champion=version_of(workspace, NOW), day=day, rows=0, scored=0, metric="log loss",
        is_eligible=False, verdict="Too few rows.", made_at=NOW,
    )  # fmt: skip


def _canary(workspace: Workspace, approver: User) -> None:
    """One that nobody signed, which only the owner of the database can write."""
    proposal = propose(workspace, "canary")
    with pgtrigger.ignore("mlops.Canary:signed"):
        Canary.objects.create(
            workspace=workspace, version=version_of(workspace, NOW), proposal=proposal,
            champion=version_of(workspace, NOW), name="roi_mean", share="0.1", started_at=NOW,
            ends_at=NOW + timedelta(days=7), ended_at=NOW, outcome="stopped", why="Odd.",
            ended_by=approver,
        )  # fmt: skip


def _boards(workspace: Workspace) -> None:
    run = SyncRun.objects.create(workspace=workspace, trigger="start", started_at=NOW)
    own = {"workspace": workspace, "run": run, "created_at": NOW}
    ROIForecast.objects.create(channel="meta", roi_forecast=1, low=0, high=2, **own)
    for table in (ROITimeseries, ReachCTRTimeseries):
        table.objects.create(channel="meta", date=NOW.date(), **own)
    BudgetRecommendation.objects.create(
        channel="meta", currency="USD", spend=5, recommended_budget=5, total_budget=5, **own
    )
    data = workspace.slug.encode()
    MLDashboard.objects.create(
        type="roi_forecast", theme="light", data=data, sha256=hashlib.sha256(data).hexdigest(),
        width_px=1, height_px=1, summary="ROI", **own,
    )  # fmt: skip


def _funnel(site: Site, visitor: Visitor) -> None:
    steps = [{"name": "Home", "any_of": [{"kind": "page", "match": "/", "where": []}]}]
    funnel = FunnelDefinition.objects.create(
        workspace_id=site.workspace_id, name="Shop", site=site, window_seconds=86_400,
        definition={"steps": steps, "exclusions": []},
    )  # fmt: skip
    own = {"workspace_id": site.workspace_id, "funnel": funnel}
    OptimizationRecommendation.objects.create(
        **own, kind="worst_step", area="Cart", problem="p", impact="i", change="c", gain_text="g",
        expected_gain=1, confidence=0.5, since=NOW.date(), until=NOW.date(),
    )  # fmt: skip
    FunnelEntry.objects.create(
        **own, visitor_key=visitor.key, entered_on=NOW.date(), level=1, started_at=NOW,
        step_seconds=[0],
    )  # fmt: skip
    FunnelAnalytics.objects.create(**own, day=NOW.date(), entered=1, completed=1, reached=[1])
    FunnelAlert.objects.create(**own, step=2, raised_at=NOW, rate=0.1, expected=0.4)
    cohort = SavedCohort.objects.create(
        workspace_id=site.workspace_id, name="Left", origin={"funnel": "Shop"}, size=1
    )
    SavedCohortMember.objects.create(
        workspace_id=site.workspace_id, cohort=cohort, visitor_key=visitor.key
    )


def _attribution(workspace: Workspace) -> None:
    own = {"workspace": workspace}
    one, two = (Person.objects.create(**own) for _ in range(2))
    Identifier.objects.create(**own, person=one, kind="user_id", value="u", first_seen_at=NOW)
    IdentityMerge.objects.create(**own, left=one, right=two, merged_at=NOW)
    FingerprintSalt.objects.create(**own, week_starts_on="2026-11-16", secret="cipher-of-salt")
    AttributionPolicy.objects.create(**own)
    Click.objects.create(
        **own, click_id="c", clicked_at=NOW, expires_at=NOW + timedelta(days=7), person=one
    )
    conversion = Conversion.objects.create(
        **own, conversion_id="v", type="lead", currency="USD", converted_at=NOW, person=one
    )
    AttributionAttempt.objects.create(
        **own, conversion=conversion, at=NOW, trigger="conversion", method="unattributed",
        confidence=0, duration_ms=1,
    )  # fmt: skip
    touch = Touch(one, "meta", TouchKind.CLICK, NOW, "t", ad=AdFactory(
        ad_set__campaign__account__workspace=workspace))  # fmt: skip
    record_touch(workspace=workspace, touch=touch)
    refresh_attribution(workspace=workspace, now=NOW + timedelta(days=1), windows=(7,))
    destination = ConversionDestination.objects.create(
        **own, platform="meta", dataset_id="1",
        connection=ConnectionFactory(workspace=workspace, kind="meta", name="back"),
    )  # fmt: skip
    OutgoingConversion.objects.create(
        **own, destination=destination, conversion=conversion, event_id="v", event_name="Lead",
        value=1, currency="USD", happened_at=NOW, expires_at=NOW + timedelta(days=7),
        next_attempt_at=NOW, created_at=NOW,
    )  # fmt: skip


def _deals(workspace: Workspace) -> None:
    install_template(workspace=workspace, template="ptd_fitness", now=NOW)
    StageValueChange.objects.create(
        proposal=propose(workspace, "stages"), workspace=workspace, from_version=1, what_if={},
        crossing_ads=0, flipping_changes=0,
    )  # fmt: skip
    record_moves(
        workspace=workspace, deal=DealRef("crm", "d"), moves=[SeenMove("1", "other", NOW)], now=NOW
    )
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    values = {ad.external_id: Decimal(1), "nobody": Decimal(2)}
    ingest_ad_values(workspace=workspace, values=values, source="crm", now=NOW)
    crm = ConnectionFactory(workspace=workspace, kind="hubspot", name="CRM")
    CrmSync.objects.create(workspace=workspace, connection=crm)


def _libraries(user: User) -> None:
    interval = IntervalSchedule.objects.create(every=1, period="minutes")
    PeriodicTask.objects.create(name=f"of {user.pk}", task="t", interval=interval)
    CrontabSchedule.objects.create()
    SolarSchedule.objects.get_or_create(event="sunrise", latitude=1, longitude=1)
    ClockedSchedule.objects.create(clocked_time=NOW)
    TOTPDevice.objects.create(user=user, name="phone", key="aa" * 20)
    StaticDevice.objects.create(user=user, name="codes")
    tried = {"username": user.email, "ip_address": "10.0.0.1", "path_info": "/login/"}
    AccessAttempt.objects.create(**tried, failures_since_start=1)
    AccessLog.objects.create(**tried)
    AccessFailureLog.objects.create(**tried)


def rows_of(model: type[Model]) -> list[Model]:
    """All rows of a model, whatever their workspace."""
    return list(apps.get_model(model._meta.label)._default_manager.order_by("pk"))


def _winners(workspace: Workspace) -> None:
    vector = directions(1)[0]
    winner_with(workspace, vector, NOW, text="Text of Acme")
    WinnerPolicy.objects.create(workspace=workspace)
    data = bytes(8)
    WinnerSnapshot.objects.create(
        workspace=workspace, embedder="given", version=1, form="exact", entries=1, data=data,
        sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), saved_at=NOW,
    )  # fmt: skip
