"""Every path of the API with its methods, taken from the resolver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from config.urls_api import urlpatterns

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Another spelling of the first word; the reference tells each operation once.
ALIASES = (" conversion/", " paid/", " ab-tests/create/")
NOBODY = UUID("01932f6e-0000-7000-8000-000000000000")

# The contract: which scope each operation needs. "public" needs nothing, "any" a known caller.
OPERATIONS = {
    "GET schema/": "public",
    "GET docs/": "public",
    "GET whoami/": "any",
    "GET kill-switch/": "changes:read",
    "POST kill-switch/": "changes:propose",
    "GET proposals/": "changes:read",
    "POST proposals/": "changes:propose",
    "POST proposals/bulk-sign/": "changes:sign",
    "POST proposals/bulk-reject/": "changes:sign",
    "POST proposals/bulk-revert/": "changes:propose",
    "GET proposals/<uuid:public_id>/": "changes:read",
    "PATCH proposals/<uuid:public_id>/": "changes:propose",
    "POST proposals/<uuid:public_id>/sign/": "changes:sign",
    "POST proposals/<uuid:public_id>/reject/": "changes:sign",
    "POST proposals/<uuid:public_id>/withdraw/": "changes:sign",
    "POST proposals/<uuid:public_id>/cancel/": "changes:propose",
    "POST proposals/<uuid:public_id>/snooze/": "changes:propose",
    "POST proposals/<uuid:public_id>/revert/": "changes:propose",
    "GET pending-ad-changes/": "changes:read",
    "POST pending-ad-changes/": "changes:propose",
    "GET ad-change-history/": "changes:read",
    "GET safety-policy/": "changes:read",
    "PUT safety-policy/": "workspace:admin",
    "POST safety-policy/simulate/": "changes:read",
    "POST safety-policy/confirm/": "changes:sign",
    "POST safety-policy/withdraw/": "changes:sign",
    "GET connections/": "workspace:admin",
    "POST connections/": "workspace:admin",
    "GET connections/<uuid:public_id>/": "workspace:admin",
    "POST connections/<uuid:public_id>/test/": "workspace:admin",
    "POST connections/<uuid:public_id>/pause/": "workspace:admin",
    "POST connections/<uuid:public_id>/resume/": "workspace:admin",
    "GET webhook-endpoints/": "workspace:admin",
    "POST webhook-endpoints/": "workspace:admin",
    "GET webhook-endpoints/<uuid:public_id>/": "workspace:admin",
    "PATCH webhook-endpoints/<uuid:public_id>/": "workspace:admin",
    "GET webhook-endpoints/<uuid:endpoint_id>/deliveries/": "workspace:admin",
    "POST webhook-endpoints/<uuid:endpoint_id>/deliveries/<uuid:public_id>/replay/": (
        "workspace:admin"
    ),
    "GET jobs/": "insight:read",
    "POST jobs/<str:name>/run/": "sync:run",
    "GET analytics/summary/": "insight:read",
    "GET analytics/channels/": "insight:read",
    "GET analytics/roi-trend/": "insight:read",
    "GET paid-media/channels/": "insight:read",
    "GET paid-media/campaigns/": "insight:read",
    "GET paid/channels/": "insight:read",
    "GET paid/campaigns/": "insight:read",
    "GET predictions/": "insight:read",
    "GET predictions/latest/": "insight:read",
    "POST predictions/generate/": "insight:write",
    "GET contacts/": "outreach:read",
    "POST contacts/": "outreach:write",
    "GET contacts/<uuid:public_id>/": "outreach:read",
    "PATCH contacts/<uuid:public_id>/": "outreach:write",
    "GET contacts/<uuid:public_id>/consent/": "outreach:read",
    "PUT contacts/<uuid:public_id>/consent/": "outreach:write",
    "GET contacts/import/": "outreach:read",
    "POST contacts/import/": "outreach:write",
    "GET contacts/import/<uuid:public_id>/": "outreach:read",
    "POST contacts/import/<uuid:public_id>/write/": "outreach:write",
    "GET audiences/": "outreach:read",
    "POST audiences/": "outreach:write",
    "POST audiences/preview/": "outreach:read",
    "GET audiences/<uuid:public_id>/": "outreach:read",
    "PATCH audiences/<uuid:public_id>/": "outreach:write",
    "POST outreach/send/": "outreach:write",
    "POST outreach/send-batch/": "outreach:write",
    "GET outreach/messages/": "outreach:read",
    "GET outreach/messages/<uuid:public_id>/": "outreach:read",
    "POST outreach/messages/<uuid:public_id>/replay/": "outreach:write",
    "GET outreach/tasks/": "outreach:read",
    "POST outreach/tasks/<uuid:public_id>/sent/": "outreach:write",
    "POST outreach/tasks/<uuid:public_id>/dismiss/": "outreach:write",
    "POST outreach/tasks/<uuid:public_id>/again/": "outreach:write",
    "GET suppressions/": "outreach:read",
    "POST suppressions/": "outreach:write",
    "GET outreach/templates/": "outreach:read",
    "POST outreach/templates/": "outreach:write",
    "POST outreach/templates/preview/": "outreach:read",
    "GET outreach/templates/<uuid:public_id>/": "outreach:read",
    "PATCH outreach/templates/<uuid:public_id>/": "outreach:write",
    "GET outreach/templates/<uuid:public_id>/versions/": "outreach:read",
    "POST outreach/templates/<uuid:public_id>/versions/": "outreach:write",
    "POST outreach/templates/<uuid:public_id>/preview/": "outreach:read",
    "POST outreach/templates/<uuid:public_id>/test-send/": "outreach:write",
    "POST suppressions/<uuid:public_id>/lift/": "workspace:admin",
    "GET social/posts/": "outreach:read",
    "GET social/posts/<uuid:public_id>/": "outreach:read",
    "POST social/posts/<uuid:public_id>/switches/": "outreach:write",
    "GET social/funnels/": "outreach:read",
    "POST social/funnels/": "outreach:write",
    "GET social/funnels/<uuid:public_id>/": "outreach:read",
    "PATCH social/funnels/<uuid:public_id>/": "outreach:write",
    "DELETE social/funnels/<uuid:public_id>/": "outreach:write",
    "POST social/funnels/<uuid:public_id>/start/": "outreach:write",
    "POST social/funnels/<uuid:public_id>/pause/": "outreach:write",
    "GET social/funnels/<uuid:public_id>/report/": "outreach:read",
    "GET social/engagements/": "outreach:read",
    "GET social/advocates/": "outreach:read",
    "GET social/advocates/<uuid:public_id>/": "outreach:read",
    "GET social/insights/<str:platform>/": "outreach:read",
    "POST social/sync/<str:platform>/": "sync:run",
    "GET ab-tests/best-practices/": "experiments:read",
    "GET ab-tests/": "experiments:read",
    "POST ab-tests/": "experiments:write",
    "GET ab-tests/create/": "experiments:read",
    "POST ab-tests/create/": "experiments:write",
    "GET ab-tests/metrics/": "experiments:read",
    "POST ab-tests/power/": "experiments:read",
    "GET ab-tests/<uuid:public_id>/": "experiments:read",
    "PATCH ab-tests/<uuid:public_id>/": "experiments:write",
    "GET ab-tests/<uuid:public_id>/checklist/": "experiments:read",
    "GET ab-tests/<uuid:public_id>/results/": "experiments:read",
    **{
        f"POST ab-tests/<uuid:public_id>/{word}/": "experiments:write"
        for word in ("start", "pause", "resume", "stop", "shares", "declare-winner", "track")
    },
    "POST sync/run-now/": "sync:run",
    "GET signals/": "insight:read",
    "POST signals/<uuid:public_id>/dismiss/": "insight:write",
    "POST signals/<uuid:public_id>/propose/": "changes:propose",
    "GET alerts/": "insight:read",
    "GET alerts/unread/": "insight:read",
    "POST alerts/check/": "insight:write",
    "PATCH alerts/<uuid:public_id>/read/": "insight:write",
    "GET alert-rules/": "insight:read",
    "POST alert-rules/": "workspace:admin",
    "GET alert-rules/<uuid:public_id>/": "insight:read",
    "PATCH alert-rules/<uuid:public_id>/": "workspace:admin",
    "GET sync/status/": "insight:read",
    "GET ml-dashboard/status/": "insight:read",
    "POST ml-dashboard/generate-all/": "sync:run",
    "GET ml-dashboard/<str:name>/chart/": "insight:read",
    "GET ml-dashboard/<str:name>/data/": "insight:read",
    "GET reports/v_job_queue_health/": "insight:read",
    "GET reports/v_failed_jobs/": "insight:read",
    "GET reports/v_job_performance_by_tenant/": "insight:read",
    "GET reports/v_rate_limit_status/": "insight:read",
    "GET reports/v_recent_budget_changes/": "insight:read",
    "GET reports/v_campaign_activity_summary/": "insight:read",
    "GET reports/v_safety_check_failures/": "insight:read",
    "GET ad-accounts/": "insight:read",
    "POST ad-accounts/": "insight:write",
    "GET campaigns/": "insight:read",
    "POST campaigns/": "insight:write",
    "GET ad-sets/": "insight:read",
    "POST ad-sets/": "insight:write",
    "GET ads/": "insight:read",
    "POST ads/": "insight:write",
    "GET creatives/": "insight:read",
    "POST creatives/": "insight:write",
    "GET ad-accounts/<str:given>/": "insight:read",
    "GET campaigns/<str:given>/": "insight:read",
    "GET ad-sets/<str:given>/": "insight:read",
    "GET ads/<str:given>/": "insight:read",
    "GET creatives/<str:given>/": "insight:read",
    "GET performance/": "insight:read",
    "GET performance/import/": "insight:read",
    "POST performance/import/": "insight:write",
    "GET performance/import/<uuid:public_id>/": "insight:read",
    "GET recommendations/": "insight:read",
    "GET recommendations/latest/": "insight:read",
    "POST recommendations/generate/": "insight:write",
    "POST recommendations/<uuid:public_id>/send-to-approval/": "insight:write",
    "GET scenarios/": "insight:read",
    "POST scenarios/": "insight:write",
    "POST scenarios/predict/": "insight:read",
    "GET scenarios/<uuid:public_id>/": "insight:read",
    "POST scenarios/<uuid:public_id>/send-to-approval/": "insight:write",
    "POST ml/battle-hardened/select/": "ml:read",
    "POST ml/battle-hardened/feedback/": "ml:write",
    "POST ml/optimize-budget/": "ml:read",
    "POST ml/predict/<str:name>/": "ml:read",
    "POST ml/rag/add-winner/": "ml:write",
    "POST ml/rag/find-similar/": "ml:read",
    "GET ml/rag/stats/": "ml:read",
    "GET models/": "ml:read",
    "POST models/<str:name>/train/": "sync:run",
    "GET models/<uuid:public_id>/": "ml:read",
    "POST models/<uuid:public_id>/propose-promotion/": "changes:propose",
    "POST models/<uuid:public_id>/canary/stop/": "changes:sign",
    "POST models/<uuid:public_id>/canary/serve/": "changes:sign",
    "POST models/<str:name>/rollback/": "changes:sign",
    "POST ml/synthetic-revenue/calculate/": "ml:read",
    "POST ml/synthetic-revenue/ad-roas/": "ml:read",
    "GET ml/synthetic-revenue/get-stages/": "ml:read",
    "POST ml/synthetic-revenue/get-stages/": "ml:read",
    "GET synthetic-revenue/config/": "ml:read",
    "PUT synthetic-revenue/config/": "changes:propose",
    "POST ml/ingest-crm-data/": "ml:write",
    "POST ml/process-hubspot-event/": "ml:write",
    "POST ml/attribution/track-click/": "ml:write",
    "POST ml/attribution/attribute-conversion/": "ml:write",
    "POST conversions/track/": "events:write",
    "POST conversion/track/": "events:write",
    "GET conversions/events/": "attribution:read",
    "GET conversion/events/": "attribution:read",
    "GET conversions/stats/": "attribution:read",
    "GET conversion/stats/": "attribution:read",
    **{
        f"GET {word}/{path}/": "attribution:read"
        for word in ("conversions", "conversion")
        for path in ("attribution", "journey/<str:user_id>", "performance/<str:channel>")
    },
    "POST installs/": "events:write",
    "POST app-sessions/": "events:write",
    "POST website/events/": "public",
    "POST website/track/": "public",
    "GET website/recommendations/": "attribution:read",
    "GET outreach/campaigns/": "outreach:read",
    "POST outreach/campaigns/": "outreach:write",
    "GET outreach/campaigns/<uuid:public_id>/": "outreach:read",
    "PATCH outreach/campaigns/<uuid:public_id>/": "outreach:write",
    **{
        f"GET outreach/campaigns/<uuid:public_id>/{word}/": "outreach:read"
        for word in ("status", "plan", "plan/rows")
    },
    **{
        f"POST outreach/campaigns/<uuid:public_id>/{word}/": "outreach:write"
        for word in ("plan", "launch", "pause", "resume", "stop", "copy", "archive", "restore")
    },
    "GET ab-tests/assign/": "experiments:read",
    "GET website/funnels/": "attribution:read",
    "POST website/funnels/": "events:write",
    "GET website/funnels/<uuid:public_id>/analytics/": "attribution:read",
    "GET website/visitors/<uuid:public_id>/": "attribution:read",
    "GET website/sessions/<uuid:public_id>/": "attribution:read",
    "GET executive/summary/": "insight:read",
    "GET executive/trends/": "insight:read",
    "GET organic/summary/": "insight:read",
    "GET organic/trends/": "insight:read",
    "GET organic/halo-effect/": "insight:read",
    "GET funnel/summary/": "insight:read",
    "GET funnel/trends/": "insight:read",
    "GET attribution/summary/": "attribution:read",
    "GET attribution/cohorts/": "attribution:read",
    "GET attribution/heatmap/": "attribution:read",
    "GET attribution/halo/": "attribution:read",
    "GET responses/inbox/": "inbox:read",
    "GET responses/inbox/<uuid:public_id>/": "inbox:read",
    **{
        f"POST responses/inbox/<uuid:public_id>/{word}/": "inbox:write"
        for word in ("assign", "close", "wait", "escalate", "snooze", "reply")
    },
    "POST responses/<uuid:public_id>/drafts/": "inbox:write",
    "GET responses/sla-alerts/": "inbox:read",
    "POST responses/inbound/": "inbox:write",
    "GET responses/analytics/": "inbox:read",
    **{
        f"POST responses/{word}/": "inbox:read"
        for word in (
            "classify",
            "classify/batch",
            "analyze-objection",
            "analyze-purchase-intent",
            "generate-response",
        )
    },
    "GET responses/conversations/": "inbox:read",
    "GET responses/conversations/<uuid:public_id>/": "inbox:read",
    "POST responses/conversations/<uuid:public_id>/notes/": "inbox:write",
    "POST responses/conversations/<uuid:public_id>/tags/": "inbox:write",
    "POST responses/conversations/<uuid:public_id>/merge/": "inbox:write",
    "POST responses/conversations/<uuid:public_id>/split/": "inbox:write",
    "POST responses/undo/<uuid:public_id>/": "inbox:write",
    "GET responses/templates/": "inbox:read",
    "POST responses/templates/": "inbox:write",
    "GET responses/templates/<uuid:public_id>/": "inbox:read",
    "PATCH responses/templates/<uuid:public_id>/": "inbox:write",
    "POST responses/templates/<uuid:public_id>/approve/": "inbox:write",
    "POST responses/templates/<uuid:public_id>/archive/": "inbox:write",
    "GET chat/<str:site_key>/messages/": "public",
    "POST chat/<str:site_key>/messages/": "public",
    "POST chat/<str:site_key>/form/": "public",
    "GET reports/v_stage_values/": "insight:read",
    "GET reports/v_synthetic_revenue_summary/": "insight:read",
}


def operations() -> Iterator[tuple[str, Any]]:
    """``GET proposals/`` and its view class, for everything that the resolver knows."""
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "view_class", None)
        if view is None:
            continue
        for method in METHODS:
            if hasattr(view, method.lower()):
                yield f"{method} {pattern.pattern}", view


def split(operation: str) -> tuple[str, str]:
    """Method and a path that names nobody's row."""
    method, route = operation.split(" ", 1)
    for part in ("<uuid:public_id>", "<uuid:endpoint_id>"):
        route = route.replace(part, str(NOBODY))
    for part in ("<str:user_id>", "<str:channel>", "<str:platform>"):
        route = route.replace(part, "none")
    return method.lower(), "/api/" + route.replace("<str:given>", "none").replace(
        "<str:name>", "none"
    )
