"""Paths of the gate and of the workspace's own things."""

from __future__ import annotations

from workspaces.api import agents, configuration, jobs, ledger, proposals
from workspaces.api.docs import DocsView, SchemaView
from workspaces.api.reports import REPORTS, report_view
from workspaces.api.routing import api_path
from workspaces.api.search import SearchAll

_proposal = "proposals/<uuid:public_id>/"
_connection = "connections/<uuid:public_id>/"
_endpoint = "webhook-endpoints/<uuid:endpoint_id>/deliveries/"

urlpatterns = [
    api_path("schema/", SchemaView.as_view(), "api-schema"),
    api_path("docs/", DocsView.as_view(), "api-docs"),
    api_path("whoami/", configuration.WhoAmI.as_view(), "api-whoami"),
    api_path("search/", SearchAll.as_view(), "api-search"),
    api_path("kill-switch/", configuration.KillSwitch.as_view(), "api-kill-switch"),
    api_path("proposals/", proposals.ProposalList.as_view(), "api-proposals"),
    api_path("proposals/bulk-sign/", proposals.BulkSign.as_view(), "api-bulk-sign"),
    api_path("proposals/bulk-reject/", proposals.BulkReject.as_view(), "api-bulk-reject"),
    api_path("proposals/bulk-revert/", proposals.BulkRevert.as_view(), "api-bulk-revert"),
    api_path(_proposal, proposals.ProposalDetail.as_view(), "api-proposal"),
    *(
        api_path(f"{_proposal}{name}/", view.as_view(), f"api-proposal-{name}")
        for name, view in proposals.ACTIONS.items()
    ),
    api_path("connections/", configuration.ConnectionList.as_view(), "api-connections"),
    api_path(_connection, configuration.ConnectionDetail.as_view(), "api-connection"),
    api_path(f"{_connection}test/", configuration.ConnectionTry.as_view(), "api-connection-test"),
    api_path(
        f"{_connection}pause/", configuration.ConnectionPause.as_view(), "api-connection-pause"
    ),
    api_path(
        f"{_connection}resume/", configuration.ConnectionResume.as_view(), "api-connection-resume"
    ),
    api_path("webhook-endpoints/", configuration.EndpointList.as_view(), "api-webhook-endpoints"),
    api_path(
        "webhook-endpoints/<uuid:public_id>/",
        configuration.EndpointDetail.as_view(),
        "api-webhook-endpoint",
    ),
    api_path(_endpoint, configuration.DeliveryList.as_view(), "api-webhook-deliveries"),
    api_path(
        f"{_endpoint}<uuid:public_id>/replay/",
        configuration.DeliveryReplay.as_view(),
        "api-webhook-replay",
    ),
    api_path("agents/suggestions/", agents.SuggestionList.as_view(), "api-agent-suggestions"),
    api_path("agents/actions/", agents.AgentActions.as_view(), "api-agent-actions"),
    api_path("agents/connections/", agents.AgentConnections.as_view(), "api-agent-connections"),
    api_path("agents/scorecards/", agents.Scorecards.as_view(), "api-agent-scorecards"),
    api_path("ledger/", ledger.Ledger.as_view(), "api-ledger"),
    api_path("ledger/explain/", ledger.LedgerExplain.as_view(), "api-ledger-explain"),
    api_path("jobs/", jobs.JobList.as_view(), "api-jobs"),
    api_path("jobs/<str:name>/run/", jobs.JobStart.as_view(), "api-job-run"),
    *(
        api_path(
            f"reports/{report._meta.db_table}/",
            report_view(report).as_view(),
            f"api-report-{report._meta.db_table}",
        )
        for report in REPORTS
    ),
]
