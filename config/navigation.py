"""The sidebar of the admin and of the operator pages, grouped by domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from workspaces.roles import Role

_links: list[Any] = []


def _item(title: str, icon: str, name: str, **extra: Any) -> dict[str, Any]:
    # Looked up once, not as ``reverse_lazy`` at each use: a page uses each several times.
    link = SimpleLazyObject(partial(reverse, name))
    _links.append(link)
    return {"title": title, "icon": icon, "link": link, "active": _active(link), **extra}


def _active(link: Any) -> Callable[[HttpRequest], bool]:
    """Only the longest link that the path starts with is active: some are prefixes of others."""

    def is_active(request: HttpRequest) -> bool:
        return _longest(request.path) == str(link)

    return is_active


@lru_cache
def _paths() -> tuple[str, ...]:
    """All links, longest first; each costs a look through all URLs, so once is enough."""
    return tuple(sorted({str(link) for link in _links}, key=len, reverse=True))


@lru_cache(maxsize=512)
def _longest(path: str) -> str:
    return next((known for known in _paths() if path.startswith(known)), "")


def _model(title: str, icon: str, label: str, **extra: Any) -> dict[str, Any]:
    """List of a model, shown to whoever may read it."""

    def may_see(request: HttpRequest) -> bool:
        from django.contrib import admin  # the site exists once the apps are loaded

        return admin.site.get_model_admin(apps.get_model(label)).has_view_permission(request)

    name = f"admin:{label.replace('.', '_').lower()}_changelist"
    return _item(title, icon, name, permission=may_see, **extra)


def _for(role: Role) -> Callable[[HttpRequest], bool]:
    """Shown to those who hold a role, own or lent: the page refuses everybody else."""

    def may_open(request: HttpRequest) -> bool:
        from workspaces.pages import has_role  # models exist once the apps are loaded
        from workspaces.site import membership_of

        return membership_of(request) is not None and has_role(request, role)

    return may_open


def _group(title: str, *items: dict[str, Any], closed: bool = False) -> dict[str, Any]:
    return {"title": title, "collapsible": closed, "separator": True, "items": list(items)}


# ``counter`` names a figure of ``workspaces.counters``; the site turns it into a badge.
SIDEBAR: dict[str, Any] = {
    "show_search": True,
    "show_all_applications": False,
    "navigation": [
        _group(
            "Countersign",
            _item("Home", "home", "home"),
            _item("Approvals", "approval", "approvals", counter="approvals"),
            _item("Inbox", "inbox", "inbox", counter="breaches"),
            _item("Assignment", "assignment_ind", "inbox-assignment"),
            _item("Inbox settings", "settings", "inbox-settings"),
            _item("Same person?", "group", "inbox-people"),
            _item("Judge drafts", "rule", "inbox-audit", permission=_for(Role.AGENT)),
            _item(
                "Automatic answers",
                "smart_toy",
                "inbox-automation",
                permission=_for(Role.OPERATOR),
            ),
            _item("Website chat", "forum", "inbox-chat", permission=_for(Role.APPROVER)),
            _item("Execution", "bolt", "approvals-execution", counter="failed"),
            _item("Change ledger", "history", "ledger"),
            _item("Calibration", "target", "calibration"),
            _item("Agents", "smart_toy", "agents"),
            _item("Notices", "notifications", "notices", counter="notices"),
            _item("Administration", "admin_panel_settings", "admin:index"),
        ),
        _group(
            "Campaigns",
            _item("Campaigns", "campaign", "campaigns"),
            _item("Ad accounts", "account_balance", "ad-accounts"),
            _item("Import", "upload_file", "campaigns-imports", permission=_for(Role.OPERATOR)),
            _item("Safety policy", "shield", "policy"),
        ),
        _group(
            "Insight",
            _item("Overview", "dashboard", "overview"),
            _item("Executive", "monitoring", "executive"),
            _item("Paid media", "payments", "paid-media"),
            _item("Organic", "eco", "organic"),
            _item("Funnel", "filter_list", "growth-funnel"),
            _item("Scenarios", "tune", "scenarios"),
            _item("Signals", "insights", "signals"),
            _item("Alerts", "notification_important", "alerts", counter="alerts"),
            _item("Attribution", "conversion_path", "attribution"),
            _item("Website", "language", "website"),
            _item("Inbox report", "forum", "inbox-report"),
            _item("Funnels", "filter_alt", "funnels"),
            _item("Recommendations", "tips_and_updates", "recommendations"),
            _item("Experiments", "science", "experiments"),
            _item("Best practices", "lightbulb", "practices"),
            _item("ML dashboards", "query_stats", "boards"),
            _item("Models", "model_training", "models"),
            _item("Budget", "account_balance_wallet", "budget"),
            _item("Winners", "emoji_events", "winners"),
        ),
        _group(
            "Outreach",
            _item("Campaigns", "send", "outreach-campaigns"),
            _item("Templates", "edit_note", "texts"),
            _item("Contacts", "contacts", "contacts"),
            _item("Audiences", "groups", "audiences"),
            _item("Imports", "upload_file", "contact-imports", permission=_for(Role.OPERATOR)),
            _item("Suppressions", "block", "suppressions"),
            _item("Messages", "mail", "outreach-messages"),
            _item("Tasks", "checklist", "outreach-tasks"),
            _item("Deliverability", "mark_email_read", "outreach-deliverability"),
            _item("Channels", "hub", "outreach-channels", permission=_for(Role.ADMIN)),
            _item("Social", "thumb_up", "social"),
        ),
        _group(
            "Attribution data",
            _model("Touches", "touch_app", "attribution.Touchpoint"),
            _model("Journeys", "route", "attribution.Journey"),
            _model("Models", "tune", "attribution.AttributionModel"),
            _model("Model runs", "history", "attribution.AttributionRun"),
            _model("Days of channels", "calendar_month", "attribution.ChannelPerformance"),
            _model("Where conversions go", "outbound", "attribution.ConversionDestination"),
            _model("Conversions back", "call_made", "attribution.OutgoingConversion"),
            closed=True,
        ),
        _group(
            "Website data",
            _model("Websites and keys", "key", "attribution.Site"),
            _model("Stages of pages", "rule", "attribution.StageRule"),
            _model("Visitors", "group", "attribution.Visitor"),
            _model("Sessions", "tab", "attribution.WebSession"),
            _model("Page views", "web", "attribution.PageView"),
            _model("Events", "ads_click", "attribution.WebEvent"),
            _model("Not taken", "block", "attribution.WebTally"),
            _model("Could not be read", "report", "attribution.QuarantinedEvent"),
            _model("Saved audiences", "groups", "attribution.SavedCohort"),
            closed=True,
        ),
        _group(
            "App data",
            _model("Users", "install_mobile", "attribution.UserInstall"),
            _model("Sessions", "smartphone", "attribution.UserSession"),
            _model("Days", "calendar_month", "attribution.AppDay"),
            _model("Cohorts", "groups", "attribution.AppCohort"),
            closed=True,
        ),
        _group(
            "Experiment data",
            _model("Tests", "science", "experiments.ABTest"),
            _model("Metrics", "straighten", "experiments.Metric"),
            _model("Layers", "layers", "experiments.Layer"),
            _model("Rules of tests", "shield", "experiments.ExperimentPolicy"),
            _model("Exposures", "visibility", "experiments.Exposure"),
            _model("Practices", "lightbulb", "experiments.BestPractice"),
            _model("Roll-outs", "rocket_launch", "experiments.RollOut"),
            closed=True,
        ),
        _group(
            "Outreach data",
            _model("Contacts", "contacts", "outreach.Contact"),
            _model("Addresses", "alternate_email", "outreach.ContactPoint"),
            _model("Consents", "verified_user", "outreach.Consent"),
            _model("Suppressions", "block", "outreach.Suppression"),
            _model("Messages", "mail", "outreach.OutreachMessage"),
            _model("Send plans", "assignment", "outreach.SendPlan"),
            _model("Channels", "hub", "outreach.ChannelPolicy"),
            _model("Rules of outreach", "shield", "outreach.OutreachPolicy"),
            closed=True,
        ),
        _group(
            "Social data",
            _model("Posts", "article", "outreach.SocialPost"),
            _model("Engagement", "thumb_up", "outreach.SocialEngagement"),
            _model("People", "group", "outreach.SocialPerson"),
            _model("Advocates", "loyalty", "outreach.SocialAdvocate"),
            _model("Funnels", "filter_alt", "outreach.SocialEngagementFunnel"),
            _model("Ways through funnels", "route", "outreach.SocialFunnelEntry"),
            _model("Insights", "insights", "outreach.PlatformInsight"),
            _model("Accounts", "account_circle", "outreach.SocialAccount"),
            closed=True,
        ),
        _group(
            "Advertising data",
            _model("Ad accounts", "account_balance", "campaigns.AdAccount"),
            _model("Campaigns", "ads_click", "campaigns.Campaign"),
            _model("Ad sets", "stacks", "campaigns.AdSet"),
            _model("Ads", "ad", "campaigns.Ad"),
            _model("Creatives", "palette", "campaigns.Creative"),
            _model("Daily performance", "calendar_view_day", "campaigns.DailyPerformance"),
            _model("Predictions", "online_prediction", "campaigns.Prediction"),
            _model("Response curves", "show_chart", "campaigns.ResponseFit"),
            _model("Scenarios", "science", "campaigns.Scenario"),
            _model("Alerts", "notification_important", "campaigns.Alert"),
            _model("Rules of alerts", "rule", "campaigns.AlertRule"),
            _model("Channels", "hub", "campaigns.MarketingChannel"),
            _model("Days without ads", "eco", "campaigns.DailyOrganicMetric"),
            _model("Imported files", "draft", "campaigns.ImportRun"),
            _model("Column mappings", "view_column", "campaigns.ImportMapping"),
            closed=True,
        ),
        _group(
            "Changes on record",
            _model("Proposals", "fact_check", "workspaces.Proposal"),
            _model("Plans", "article", "workspaces.Plan"),
            _model("Signatures", "signature", "workspaces.Signature"),
            _model("Attempts", "replay", "workspaces.ExecutionAttempt"),
            _model("Ad changes", "edit_note", "campaigns.PendingAdChange"),
            _model("Change history", "history", "campaigns.AdChangeHistory"),
            _model("Budgets moved today", "payments", "campaigns.RecentBudgetChange"),
            _model("Activity by campaign", "monitoring", "campaigns.CampaignActivitySummary"),
            _model("Stopped by checks", "block", "campaigns.SafetyCheckFailure"),
            _model("Policy versions", "policy", "campaigns.SafetyPolicy"),
            _model("Kill switch", "emergency_home", "workspaces.KillSwitchEvent"),
            closed=True,
        ),
        _group(
            "Models",
            _model("Versions", "model_training", "mlops.ModelVersion"),
            _model("Artefacts", "deployed_code", "mlops.ModelArtefact"),
            _model("Predictions", "insights", "mlops.ModelPrediction"),
            _model("Promotions", "upgrade", "mlops.Promotion"),
            _model("Canaries", "fork_right", "mlops.Canary"),
            _model("Limits of models", "policy", "mlops.ModelPolicy"),
            _model("Shadow comparisons", "compare_arrows", "mlops.ShadowReport"),
            _model("Drift", "trending_down", "mlops.DriftReport"),
            _model("Scores of users", "scoreboard", "mlops.UserScore"),
            _model("Scores of campaigns", "leaderboard", "mlops.CampaignScore"),
            _model("Scores by day", "calendar_month", "mlops.ScoreDay"),
            _model("Syncs of dashboards", "sync", "mlops.SyncRun"),
            _model("Charts", "bar_chart", "mlops.MLDashboard"),
            _model("ROI forecasts", "trending_up", "mlops.ROIForecast"),
            _model("ROI by day", "show_chart", "mlops.ROITimeseries"),
            _model("Reach and CTR by day", "ssid_chart", "mlops.ReachCTRTimeseries"),
            _model("Budget shares", "donut_small", "mlops.BudgetRecommendation"),
            _model("Synthetic world", "public", "mlops.SyntheticWorld"),
            _model("Sampler decisions", "casino", "mlops.SamplerDecision"),
            _model("Sampler feedback", "feedback", "mlops.SamplerFeedback"),
            _model("Trials of policies", "compare", "mlops.PolicyTrial"),
            closed=True,
        ),
        _group(
            "Jobs",
            _item("Schedules", "event_repeat", "schedules"),
            _model("Switches and limits", "toggle_on", "workspaces.JobConfig"),
            _model("Runs", "directions_run", "workspaces.JobRun"),
            _model("Last hour", "vital_signs", "workspaces.JobQueueHealth"),
            _model("Failed today", "error", "workspaces.FailedJob"),
            _model("Week by job", "speed", "workspaces.JobPerformanceByTenant"),
            _model("Hourly limits", "timer", "workspaces.RateLimitStatus"),
            _model("Schedule", "schedule", "django_celery_beat.PeriodicTask"),
            closed=True,
        ),
        _group(
            "Outside systems",
            _item("Connect and test", "cable", "connections", permission=_for(Role.ADMIN)),
            _model("Connections", "hub", "workspaces.Connection"),
            _model("Came in", "call_received", "workspaces.InboundEvent"),
            _model("Webhooks", "webhook", "workspaces.WebhookEndpoint"),
            _model("Deliveries", "outbox", "workspaces.WebhookDelivery"),
            _model("API keys", "key", "workspaces.ApiKey"),
            _model("API rates", "av_timer", "workspaces.ThrottleRate"),
            closed=True,
        ),
        _group(
            "Workspace",
            _item("First steps", "flag", "start"),
            _model("Settings", "settings", "workspaces.Workspace"),
            _model("Members", "group", "workspaces.Membership"),
            _model("Invitations", "mail", "workspaces.Invitation"),
            _model("Delegations", "swap_horiz", "workspaces.Delegation"),
            _model("Exchange rates", "currency_exchange", "workspaces.ExchangeRate"),
            _model("Sessions", "devices", "workspaces.Session"),
            _model("Second factors", "phonelink_lock", "otp_totp.TOTPDevice"),
            _model("Log-in attempts", "login", "axes.AccessAttempt"),
            closed=True,
        ),
    ],
}
