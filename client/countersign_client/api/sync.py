"""Operations that wait for their answer, by topic.

Written by client/generate.py from the OpenAPI document; change that, not this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast

from countersign_client.api import types
from countersign_client.calls import Call

Send = Callable[[Call], Any]


class AdChangesOperations:
    """Ad changes."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def ad_change_history_list(self, *, ad_account: str | None = None, change_type: Literal["bid", "budget", "status"] | None = None, completed_after: str | None = None, completed_before: str | None = None, cursor: str | None = None, entity_id: str | None = None, entity_type: Literal["ad", "adset", "campaign"] | None = None, ordering: str | None = None, page_size: int | None = None, proposal: str | None = None, status: str | None = None) -> types.PaginatedHistoryOutList:
        """List executed ad changes."""
        return cast("types.PaginatedHistoryOutList", self._send(Call("ad_change_history_list", query={"ad_account": ad_account, "change_type": change_type, "completed_after": completed_after, "completed_before": completed_before, "cursor": cursor, "entity_id": entity_id, "entity_type": entity_type, "ordering": ordering, "page_size": page_size, "proposal": proposal, "status": status})))

    def pending_ad_changes_list(self, *, ad_account: str | None = None, change_type: Literal["bid", "budget", "status"] | None = None, cursor: str | None = None, entity_id: str | None = None, entity_type: Literal["ad", "adset", "campaign"] | None = None, ordering: str | None = None, page_size: int | None = None, status: list[Literal["approved", "cancelled", "executed", "executing", "expired", "failed", "pending", "rejected", "reverted", "superseded"]] | None = None) -> types.PaginatedPendingOutList:
        """List ad changes."""
        return cast("types.PaginatedPendingOutList", self._send(Call("pending_ad_changes_list", query={"ad_account": ad_account, "change_type": change_type, "cursor": cursor, "entity_id": entity_id, "entity_type": entity_type, "ordering": ordering, "page_size": page_size, "status": status})))

    def pending_ad_changes_create(self, body: types.ChangeInRequest, *, idempotency_key: str | None = None) -> types.PendingOut:
        """Propose an ad change."""
        return cast("types.PendingOut", self._send(Call("pending_ad_changes_create", body=body, idempotency_key=idempotency_key)))


class AgentsOperations:
    """Agents."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def agent_actions_list(self) -> list[types.AgentActionOut]:
        """Actions that may be recommended."""
        return cast("list[types.AgentActionOut]", self._send(Call("agent_actions_list")))

    def agent_actions_run(self, body: types.ActionInRequest, *, idempotency_key: str | None = None) -> types.ActionOut:
        """Propose an action, as an agent."""
        return cast("types.ActionOut", self._send(Call("agent_actions_run", body=body, idempotency_key=idempotency_key)))

    def agent_connections_list(self, *, cursor: str | None = None, kind: str | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["active", "needs_login", "paused", "stopped"] | None = None) -> types.PaginatedAgentConnectionOutList:
        """List connections, as an agent."""
        return cast("types.PaginatedAgentConnectionOutList", self._send(Call("agent_connections_list", query={"cursor": cursor, "kind": kind, "ordering": ordering, "page_size": page_size, "status": status})))

    def agent_crm_contacts_list(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedCrmContactOutList:
        """List contacts of the CRM."""
        return cast("types.PaginatedCrmContactOutList", self._send(Call("agent_crm_contacts_list", query={"cursor": cursor, "ordering": ordering, "page_size": page_size})))

    def agent_scorecards(self) -> types.ScorecardsOut:
        """How proposals of each proposer fared."""
        return cast("types.ScorecardsOut", self._send(Call("agent_scorecards")))

    def agent_social_accounts_list(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None, platform: Literal["facebook", "instagram", "linkedin", "tiktok", "twitter"] | None = None) -> types.PaginatedSocialAccountOutList:
        """List social accounts."""
        return cast("types.PaginatedSocialAccountOutList", self._send(Call("agent_social_accounts_list", query={"cursor": cursor, "ordering": ordering, "page_size": page_size, "platform": platform})))

    def agent_suggestions_list(self, *, agent_type: str | None = None, cursor: str | None = None, external_id: str | None = None, is_dismissed: bool | None = None, ordering: str | None = None, page_size: int | None = None, priority: Literal["high", "low", "medium"] | None = None, type: Literal["ab_test_winner", "budget_change", "churn_prevention", "funnel_optimization", "segment_opportunity"] | None = None) -> types.PaginatedSuggestionOutList:
        """List suggestions."""
        return cast("types.PaginatedSuggestionOutList", self._send(Call("agent_suggestions_list", query={"agent_type": agent_type, "cursor": cursor, "external_id": external_id, "is_dismissed": is_dismissed, "ordering": ordering, "page_size": page_size, "priority": priority, "type": type})))

    def agent_suggestions_create(self, body: types.SuggestionsInRequest, *, idempotency_key: str | None = None) -> types.SuggestedOut:
        """Suggest, as an agent."""
        return cast("types.SuggestedOut", self._send(Call("agent_suggestions_create", body=body, idempotency_key=idempotency_key)))


class AlertsOperations:
    """Alerts."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def alert_rules_list(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedAlertRuleOutList:
        """List rules of alerts."""
        return cast("types.PaginatedAlertRuleOutList", self._send(Call("alert_rules_list", query={"cursor": cursor, "page_size": page_size})))

    def alert_rules_create(self, body: types.AlertRuleInRequest, *, idempotency_key: str | None = None) -> types.AlertRuleOut:
        """Make a rule."""
        return cast("types.AlertRuleOut", self._send(Call("alert_rules_create", body=body, idempotency_key=idempotency_key)))

    def alert_rules_read(self, public_id: str) -> types.AlertRuleOut:
        """Read a rule."""
        return cast("types.AlertRuleOut", self._send(Call("alert_rules_read", path={"public_id": public_id})))

    def alert_rules_change(self, public_id: str, *, body: types.PatchedAlertRuleInRequest | None = None) -> types.AlertRuleOut:
        """Change a rule."""
        return cast("types.AlertRuleOut", self._send(Call("alert_rules_change", path={"public_id": public_id}, body=body)))

    def alerts_list(self, *, channel: str | None = None, cursor: str | None = None, days: int | None = None, page_size: int | None = None, severity: Literal["info", "low", "medium", "high", "critical"] | None = None, state: Literal["open", "unread", "resolved", "all"] | None = None, type: Literal["roi_drop", "cost_spike", "low_conversion", "anomaly", "engagement_drop", "budget_overrun", "channel_underperform", "roas_low", "roas_watch", "low_delivery", "budget_exhausted", "cpa_high", "ad_disapproved", "ctr_drop", "conversion_surge", "prediction_error", "custom"] | None = None) -> types.PaginatedAlertOutList:
        """List alerts."""
        return cast("types.PaginatedAlertOutList", self._send(Call("alerts_list", query={"channel": channel, "cursor": cursor, "days": days, "page_size": page_size, "severity": severity, "state": state, "type": type})))

    def alerts_check(self, *, idempotency_key: str | None = None) -> types.CheckedOut:
        """Check every rule now."""
        return cast("types.CheckedOut", self._send(Call("alerts_check", idempotency_key=idempotency_key)))

    def alerts_unread(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedAlertOutList:
        """List unread alerts."""
        return cast("types.PaginatedAlertOutList", self._send(Call("alerts_unread", query={"cursor": cursor, "page_size": page_size})))

    def alerts_read(self, public_id: str, *, body: types.PatchedAlertReadInRequest | None = None) -> types.AlertOut:
        """Mark an alert as read."""
        return cast("types.AlertOut", self._send(Call("alerts_read", path={"public_id": public_id}, body=body)))


class AppsOperations:
    """Apps."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def app_sessions_send(self, body: types.AppSessionsInRequest, *, idempotency_key: str | None = None) -> types.AppTakenOut:
        """Send sessions of an app."""
        return cast("types.AppTakenOut", self._send(Call("app_sessions_send", body=body, idempotency_key=idempotency_key)))

    def installs_send(self, body: types.InstallsInRequest, *, idempotency_key: str | None = None) -> types.AppTakenOut:
        """Send installs of an app."""
        return cast("types.AppTakenOut", self._send(Call("installs_send", body=body, idempotency_key=idempotency_key)))


class AttributionOperations:
    """Attribution."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def attribution_cohorts(self, *, campaign: str | None = None, channel: str | None = None, country: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.CohortsOut:
        """What became of users, by channel, country and week of their install."""
        return cast("types.CohortsOut", self._send(Call("attribution_cohorts", query={"campaign": campaign, "channel": channel, "country": country, "days": days, "from": from_, "to": to})))

    def attribution_halo(self, *, from_: str | None = None, to: str | None = None) -> types.HaloOut:
        """Tell how organic conversions move with paid ones."""
        return cast("types.HaloOut", self._send(Call("attribution_halo", query={"from": from_, "to": to})))

    def attribution_heatmap(self, *, by: Literal["channel", "campaign", "ad"] | None = None, from_: str | None = None, model: Literal["first", "last", "last_non_direct", "linear", "linear_unique", "time_decay", "position_based", "w_shaped", "markov", "shapley", "shapley_rate"] | None = None, to: str | None = None, type: str | None = None) -> types.HeatmapOut:
        """Show ROAS by channel and country."""
        return cast("types.HeatmapOut", self._send(Call("attribution_heatmap", query={"by": by, "from": from_, "model": model, "to": to, "type": type})))

    def attribution_summary(self, *, by: Literal["channel", "campaign", "ad"] | None = None, from_: str | None = None, model: Literal["first", "last", "last_non_direct", "linear", "linear_unique", "time_decay", "position_based", "w_shaped", "markov", "shapley", "shapley_rate"] | None = None, to: str | None = None, type: str | None = None) -> types.SummaryOut:
        """Sum attribution up."""
        return cast("types.SummaryOut", self._send(Call("attribution_summary", query={"by": by, "from": from_, "model": model, "to": to, "type": type})))

    def conversions_attribution(self, *, by: Literal["channel", "campaign", "ad"] | None = None, from_: str | None = None, model: Literal["first", "last", "last_non_direct", "linear", "linear_unique", "time_decay", "position_based", "w_shaped", "markov", "shapley", "shapley_rate"] | None = None, to: str | None = None, type: str | None = None) -> types.CreditsOut:
        """Share conversions and revenue out by a model."""
        return cast("types.CreditsOut", self._send(Call("conversions_attribution", query={"by": by, "from": from_, "model": model, "to": to, "type": type})))

    def conversions_events(self, *, conversion_id: str | None = None, converted_after: str | None = None, converted_before: str | None = None, cursor: str | None = None, method: list[Literal["fingerprint", "identity", "probabilistic", "unattributed", "url_parameter"]] | None = None, ordering: str | None = None, page_size: int | None = None, type: str | None = None) -> types.PaginatedConversionOutList:
        """List conversions with their clicks."""
        return cast("types.PaginatedConversionOutList", self._send(Call("conversions_events", query={"conversion_id": conversion_id, "converted_after": converted_after, "converted_before": converted_before, "cursor": cursor, "method": method, "ordering": ordering, "page_size": page_size, "type": type})))

    def conversions_journey(self, user_id: str) -> types.PersonJourneysOut:
        """Show a person's journeys touch by touch."""
        return cast("types.PersonJourneysOut", self._send(Call("conversions_journey", path={"user_id": user_id})))

    def conversions_performance(self, channel: str, *, from_: str | None = None, to: str | None = None) -> types.ChannelOut:
        """Show a channel's messages, conversions and money by day."""
        return cast("types.ChannelOut", self._send(Call("conversions_performance", path={"channel": channel}, query={"from": from_, "to": to})))

    def conversions_stats(self, *, from_: str | None = None, to: str | None = None) -> types.StatsOut:
        """Count conversions by method and type."""
        return cast("types.StatsOut", self._send(Call("conversions_stats", query={"from": from_, "to": to})))

    def conversions_track(self, body: types.ConversionInRequest, *, idempotency_key: str | None = None) -> types.ConversionOut:
        """Record a conversion."""
        return cast("types.ConversionOut", self._send(Call("conversions_track", body=body, idempotency_key=idempotency_key)))

    def attribution_attribute_conversion(self, body: types.AttributeInRequest, *, idempotency_key: str | None = None) -> types.AttributeOut:
        """Record a conversion and find its click."""
        return cast("types.AttributeOut", self._send(Call("attribution_attribute_conversion", body=body, idempotency_key=idempotency_key)))

    def attribution_track_click(self, body: types.ClickInRequest, *, idempotency_key: str | None = None) -> types.ClickOut:
        """Track a click on an ad."""
        return cast("types.ClickOut", self._send(Call("attribution_track_click", body=body, idempotency_key=idempotency_key)))


class CampaignsOperations:
    """Campaigns."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def ad_accounts_list(self, *, cursor: str | None = None, external_id: str | None = None, ordering: str | None = None, page_size: int | None = None, platform: Literal["google", "linkedin", "meta", "microsoft", "other", "tiktok"] | None = None, status: list[Literal["active", "archived", "paused", "removed"]] | None = None) -> types.PaginatedAccountOutList:
        """List ad accounts."""
        return cast("types.PaginatedAccountOutList", self._send(Call("ad_accounts_list", query={"cursor": cursor, "external_id": external_id, "ordering": ordering, "page_size": page_size, "platform": platform, "status": status})))

    def ad_accounts_create(self, body: types.AccountInRequest, *, idempotency_key: str | None = None) -> types.AccountOut:
        """Enter an ad account."""
        return cast("types.AccountOut", self._send(Call("ad_accounts_create", body=body, idempotency_key=idempotency_key)))

    def ad_accounts_read(self, given: str) -> types.AccountOut:
        """Look at one ad account."""
        return cast("types.AccountOut", self._send(Call("ad_accounts_read", path={"given": given})))

    def ad_sets_list(self, *, ad_account: str | None = None, campaign: str | None = None, cursor: str | None = None, external_id: str | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None, status: list[Literal["active", "archived", "paused", "removed"]] | None = None) -> types.PaginatedAdSetOutList:
        """List ad sets."""
        return cast("types.PaginatedAdSetOutList", self._send(Call("ad_sets_list", query={"ad_account": ad_account, "campaign": campaign, "cursor": cursor, "external_id": external_id, "name": name, "ordering": ordering, "page_size": page_size, "status": status})))

    def ad_sets_create(self, body: types.AdSetInRequest, *, idempotency_key: str | None = None) -> types.AdSetOut:
        """Enter an ad set."""
        return cast("types.AdSetOut", self._send(Call("ad_sets_create", body=body, idempotency_key=idempotency_key)))

    def ad_sets_read(self, given: str) -> types.AdSetOut:
        """Look at one ad set."""
        return cast("types.AdSetOut", self._send(Call("ad_sets_read", path={"given": given})))

    def ads_list(self, *, ad_account: str | None = None, ad_set: str | None = None, campaign: str | None = None, cursor: str | None = None, external_id: str | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None, status: list[Literal["active", "archived", "paused", "removed"]] | None = None) -> types.PaginatedAdOutList:
        """List ads."""
        return cast("types.PaginatedAdOutList", self._send(Call("ads_list", query={"ad_account": ad_account, "ad_set": ad_set, "campaign": campaign, "cursor": cursor, "external_id": external_id, "name": name, "ordering": ordering, "page_size": page_size, "status": status})))

    def ads_create(self, body: types.AdInRequest, *, idempotency_key: str | None = None) -> types.AdOut:
        """Enter an ad."""
        return cast("types.AdOut", self._send(Call("ads_create", body=body, idempotency_key=idempotency_key)))

    def ads_read(self, given: str) -> types.AdOut:
        """Look at one ad."""
        return cast("types.AdOut", self._send(Call("ads_read", path={"given": given})))

    def campaigns_list(self, *, ad_account: str | None = None, channel: str | None = None, cursor: str | None = None, external_id: str | None = None, from_: str | None = None, life_state: list[Literal["active", "fatigued", "learning", "paused"]] | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None, status: list[Literal["active", "archived", "paused", "removed"]] | None = None, to: str | None = None) -> types.PaginatedCampaignRowOutList:
        """List campaigns with their figures."""
        return cast("types.PaginatedCampaignRowOutList", self._send(Call("campaigns_list", query={"ad_account": ad_account, "channel": channel, "cursor": cursor, "external_id": external_id, "from": from_, "life_state": life_state, "name": name, "ordering": ordering, "page_size": page_size, "status": status, "to": to})))

    def campaigns_create(self, body: types.CampaignInRequest, *, idempotency_key: str | None = None) -> types.CampaignOut:
        """Enter a campaign."""
        return cast("types.CampaignOut", self._send(Call("campaigns_create", body=body, idempotency_key=idempotency_key)))

    def campaigns_read(self, given: str) -> types.CampaignOut:
        """Look at one campaign."""
        return cast("types.CampaignOut", self._send(Call("campaigns_read", path={"given": given})))

    def creatives_list(self, *, ad_account: str | None = None, cursor: str | None = None, format: Literal["carousel", "image", "native", "video"] | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedCreativeOutList:
        """List creatives."""
        return cast("types.PaginatedCreativeOutList", self._send(Call("creatives_list", query={"ad_account": ad_account, "cursor": cursor, "format": format, "ordering": ordering, "page_size": page_size})))

    def creatives_create(self, body: types.CreativeInRequest, *, idempotency_key: str | None = None) -> types.CreativeOut:
        """Enter a creative."""
        return cast("types.CreativeOut", self._send(Call("creatives_create", body=body, idempotency_key=idempotency_key)))

    def creatives_read(self, given: str) -> types.CreativeOut:
        """Look at one creative."""
        return cast("types.CreativeOut", self._send(Call("creatives_read", path={"given": given})))

    def performance_list(self, *, ad_account: str | None = None, campaign: str | None = None, channel: str | None = None, cursor: str | None = None, from_: str | None = None, group: Literal["day", "channel", "campaign", "ad"] | None = None, page_size: int | None = None, to: str | None = None) -> types.PaginatedPerformanceOutList:
        """Performance by day, channel, campaign or ad."""
        return cast("types.PaginatedPerformanceOutList", self._send(Call("performance_list", query={"ad_account": ad_account, "campaign": campaign, "channel": channel, "cursor": cursor, "from": from_, "group": group, "page_size": page_size, "to": to})))

    def performance_import_list(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedImportOutList:
        """List imports."""
        return cast("types.PaginatedImportOutList", self._send(Call("performance_import_list", query={"cursor": cursor, "page_size": page_size})))

    def performance_import(self, body: types.ImportInRequest, *, idempotency_key: str | None = None) -> types.ImportOut:
        """Import a performance file."""
        return cast("types.ImportOut", self._send(Call("performance_import", body=body, idempotency_key=idempotency_key)))

    def performance_import_read(self, public_id: str) -> types.ImportDetailOut:
        """Look at an import."""
        return cast("types.ImportDetailOut", self._send(Call("performance_import_read", path={"public_id": public_id})))


class ContactsOperations:
    """Contacts."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def audiences_list(self, *, cursor: str | None = None, is_archived: bool | None = None, kind: Literal["list", "rules"] | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedAudienceOutList:
        """List audiences."""
        return cast("types.PaginatedAudienceOutList", self._send(Call("audiences_list", query={"cursor": cursor, "is_archived": is_archived, "kind": kind, "name": name, "ordering": ordering, "page_size": page_size})))

    def audiences_create(self, body: types.AudienceInRequest, *, idempotency_key: str | None = None) -> types.AudienceDetailOut:
        """Make an audience."""
        return cast("types.AudienceDetailOut", self._send(Call("audiences_create", body=body, idempotency_key=idempotency_key)))

    def audiences_preview(self, body: types.RulesInRequest) -> types.AudiencePreviewOut:
        """Count and preview rules."""
        return cast("types.AudiencePreviewOut", self._send(Call("audiences_preview", body=body)))

    def audiences_read(self, public_id: str) -> types.AudienceDetailOut:
        """Read an audience."""
        return cast("types.AudienceDetailOut", self._send(Call("audiences_read", path={"public_id": public_id})))

    def audiences_update(self, public_id: str, *, body: types.PatchedAudienceChangeInRequest | None = None) -> types.AudienceDetailOut:
        """Change an audience."""
        return cast("types.AudienceDetailOut", self._send(Call("audiences_update", path={"public_id": public_id}, body=body)))

    def contacts_list(self, *, address: str | None = None, country: str | None = None, cursor: str | None = None, customer_type: Literal["existing", "new", "returning"] | None = None, external_id: str | None = None, is_archived: bool | None = None, lifecycle_stage: Literal["at_risk", "customer", "engaged", "lead"] | None = None, ordering: str | None = None, page_size: int | None = None, q: str | None = None, source: str | None = None) -> types.PaginatedContactOutList:
        """List contacts."""
        return cast("types.PaginatedContactOutList", self._send(Call("contacts_list", query={"address": address, "country": country, "cursor": cursor, "customer_type": customer_type, "external_id": external_id, "is_archived": is_archived, "lifecycle_stage": lifecycle_stage, "ordering": ordering, "page_size": page_size, "q": q, "source": source})))

    def contacts_create(self, *, body: types.ContactInRequest | None = None, idempotency_key: str | None = None) -> types.ContactOut:
        """Add a contact."""
        return cast("types.ContactOut", self._send(Call("contacts_create", body=body, idempotency_key=idempotency_key)))

    def contact_imports_list(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedContactImportOutList:
        """List files."""
        return cast("types.PaginatedContactImportOutList", self._send(Call("contact_imports_list", query={"cursor": cursor, "page_size": page_size})))

    def contact_imports_create(self, body: types.ContactImportInRequest, *, idempotency_key: str | None = None) -> types.ContactImportOut:
        """Send a file of contacts."""
        return cast("types.ContactImportOut", self._send(Call("contact_imports_create", body=body, idempotency_key=idempotency_key)))

    def contact_imports_read(self, public_id: str) -> types.ContactImportDetailOut:
        """Read a file's report."""
        return cast("types.ContactImportDetailOut", self._send(Call("contact_imports_read", path={"public_id": public_id})))

    def contact_imports_write(self, public_id: str, *, idempotency_key: str | None = None) -> types.ContactImportOut:
        """Write a checked file."""
        return cast("types.ContactImportOut", self._send(Call("contact_imports_write", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def contacts_read(self, public_id: str) -> types.ContactOut:
        """Read a contact."""
        return cast("types.ContactOut", self._send(Call("contacts_read", path={"public_id": public_id})))

    def contacts_update(self, public_id: str, *, body: types.PatchedContactChangeInRequest | None = None) -> types.ContactOut:
        """Change a contact."""
        return cast("types.ContactOut", self._send(Call("contacts_update", path={"public_id": public_id}, body=body)))

    def contacts_consent_read(self, public_id: str, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedConsentsOutList:
        """Read consent."""
        return cast("types.PaginatedConsentsOutList", self._send(Call("contacts_consent_read", path={"public_id": public_id}, query={"cursor": cursor, "page_size": page_size})))

    def contacts_consent_set(self, public_id: str, body: types.ConsentInRequest) -> types.ConsentsOut:
        """Give or withdraw consent."""
        return cast("types.ConsentsOut", self._send(Call("contacts_consent_set", path={"public_id": public_id}, body=body)))

    def suppressions_list(self, *, channel: Literal["chat", "email", "facebook", "instagram", "linkedin", "sms", "twitter", "whatsapp"] | None = None, cursor: str | None = None, is_domain: bool | None = None, is_lifted: bool | None = None, ordering: str | None = None, page_size: int | None = None, reason: Literal["bounce", "complaint", "manual", "unsubscribe"] | None = None, value: str | None = None) -> types.PaginatedSuppressionOutList:
        """List suppressions."""
        return cast("types.PaginatedSuppressionOutList", self._send(Call("suppressions_list", query={"channel": channel, "cursor": cursor, "is_domain": is_domain, "is_lifted": is_lifted, "ordering": ordering, "page_size": page_size, "reason": reason, "value": value})))

    def suppressions_create(self, body: types.SuppressionInRequest, *, idempotency_key: str | None = None) -> types.SuppressedOut:
        """Suppress addresses or domains."""
        return cast("types.SuppressedOut", self._send(Call("suppressions_create", body=body, idempotency_key=idempotency_key)))

    def suppressions_lift(self, public_id: str, body: types.LiftInRequest, *, idempotency_key: str | None = None) -> types.SuppressionOut:
        """Lift a suppression."""
        return cast("types.SuppressionOut", self._send(Call("suppressions_lift", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))


class ExperimentsOperations:
    """Experiments."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def ab_tests_list(self, *, cursor: str | None = None, is_archived: bool | None = None, is_imported: bool | None = None, key: str | None = None, method: Literal["always_valid", "bayesian", "fixed"] | None = None, mode: Literal["bandit", "split"] | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["completed", "draft", "paused", "pending_start", "running", "winner_declared"] | None = None, surface: Literal["ad", "message", "website"] | None = None, type: Literal["button", "copy", "cta", "image", "layout", "personalization", "send_time", "subject_line"] | None = None) -> types.PaginatedABTestOutList:
        """List tests."""
        return cast("types.PaginatedABTestOutList", self._send(Call("ab_tests_list", query={"cursor": cursor, "is_archived": is_archived, "is_imported": is_imported, "key": key, "method": method, "mode": mode, "ordering": ordering, "page_size": page_size, "status": status, "surface": surface, "type": type})))

    def ab_tests_create(self, body: types.ABTestInRequest, *, idempotency_key: str | None = None) -> types.ABTestOut:
        """Make a draft."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_create", body=body, idempotency_key=idempotency_key)))

    def ab_tests_assign(self, *, country: str | None = None, cs_variant: str | None = None, customer_type: Literal["new", "returning", "existing"] | None = None, device: Literal["desktop", "mobile", "tablet", "other"] | None = None, site: str | None = None, test: str | None = None, unit: str | None = None, url: str | None = None) -> types.AssignmentsOut:
        """Show which variants a unit gets."""
        return cast("types.AssignmentsOut", self._send(Call("ab_tests_assign", query={"country": country, "cs_variant": cs_variant, "customer_type": customer_type, "device": device, "site": site, "test": test, "unit": unit, "url": url})))

    def best_practices_list(self, *, category: Literal["audience", "copy", "cta", "follow_up", "format", "layout", "timing"] | None = None, channel: str | None = None, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None, q: str | None = None, source: Literal["ab_test", "external_research", "llm_knowledge", "platform_api"] | None = None, state: Literal["deprecated", "hypothesis", "rejected", "review", "supported", "to_test", "validated"] | None = None) -> types.PaginatedBestPracticeOutList:
        """List best practices."""
        return cast("types.PaginatedBestPracticeOutList", self._send(Call("best_practices_list", query={"category": category, "channel": channel, "cursor": cursor, "ordering": ordering, "page_size": page_size, "q": q, "source": source, "state": state})))

    def ab_tests_metrics(self, *, cursor: str | None = None, kind: Literal["binomial", "mean", "ratio", "time_to_event"] | None = None, ordering: str | None = None, page_size: int | None = None, source: Literal["ad_performance", "conversion", "imported", "message_event", "tracked", "website_event"] | None = None) -> types.PaginatedMetricOutList:
        """List metrics."""
        return cast("types.PaginatedMetricOutList", self._send(Call("ab_tests_metrics", query={"cursor": cursor, "kind": kind, "ordering": ordering, "page_size": page_size, "source": source})))

    def ab_tests_power(self, body: types.PowerInRequest) -> types.SizingOut:
        """Size a test."""
        return cast("types.SizingOut", self._send(Call("ab_tests_power", body=body)))

    def ab_tests_read(self, public_id: str) -> types.ABTestOut:
        """Read a test."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_read", path={"public_id": public_id})))

    def ab_tests_update(self, public_id: str, *, body: types.PatchedABTestChangeInRequest | None = None) -> types.ABTestOut:
        """Change a draft."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_update", path={"public_id": public_id}, body=body)))

    def ab_tests_checklist(self, public_id: str, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedCheckLineOutList:
        """Look for common mistakes."""
        return cast("types.PaginatedCheckLineOutList", self._send(Call("ab_tests_checklist", path={"public_id": public_id}, query={"cursor": cursor, "page_size": page_size})))

    def ab_tests_declare_winner(self, public_id: str, body: types.WinnerInRequest, *, idempotency_key: str | None = None) -> types.PlanProposedOut:
        """Declare a winner."""
        return cast("types.PlanProposedOut", self._send(Call("ab_tests_declare_winner", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def ab_tests_pause(self, public_id: str, body: types.ReasonInRequest, *, idempotency_key: str | None = None) -> types.ABTestOut:
        """Pause a test."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_pause", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def ab_tests_results(self, public_id: str, *, cursor: str | None = None, page_size: int | None = None, segment: Literal["country", "customer", "device", "source"] | None = None) -> types.PaginatedABResultsOutList:
        """Read the results of a test."""
        return cast("types.PaginatedABResultsOutList", self._send(Call("ab_tests_results", path={"public_id": public_id}, query={"cursor": cursor, "page_size": page_size, "segment": segment})))

    def ab_tests_resume(self, public_id: str, body: types.ReasonInRequest, *, idempotency_key: str | None = None) -> types.ABTestOut:
        """Let a paused test go on."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_resume", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def ab_tests_shares(self, public_id: str, body: types.SharesInRequest, *, idempotency_key: str | None = None) -> types.ABTestOut:
        """Change traffic or weights."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_shares", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def ab_tests_start(self, public_id: str, *, body: types.StartInRequest | None = None, idempotency_key: str | None = None) -> types.ABTestOut:
        """Start a test."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_start", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def ab_tests_stop(self, public_id: str, body: types.ReasonInRequest, *, idempotency_key: str | None = None) -> types.ABTestOut:
        """Stop a test."""
        return cast("types.ABTestOut", self._send(Call("ab_tests_stop", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def ab_tests_track(self, public_id: str, *, body: types.TrackInRequest | None = None, idempotency_key: str | None = None) -> types.TrackedOut:
        """Tell what units saw and did."""
        return cast("types.TrackedOut", self._send(Call("ab_tests_track", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))


class GateOperations:
    """Gate."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def kill_switch_read(self) -> types.KillSwitchOut:
        """Is the kill switch on?."""
        return cast("types.KillSwitchOut", self._send(Call("kill_switch_read")))

    def kill_switch_set(self, body: types.KillSwitchInRequest, *, idempotency_key: str | None = None) -> types.KillSwitchOut:
        """Pull or release the kill switch."""
        return cast("types.KillSwitchOut", self._send(Call("kill_switch_set", body=body, idempotency_key=idempotency_key)))

    def ledger_list(self, *, account: str | None = None, campaign: str | None = None, channel: str | None = None, cursor: str | None = None, effect: Literal["good", "bad", "none"] | None = None, from_: str | None = None, kind: str | None = None, outcome: Literal["executed", "reverted", "failed"] | None = None, page_size: int | None = None, proposer: str | None = None, search: str | None = None, signer: str | None = None, to: str | None = None) -> types.PaginatedLedgerRowOutList:
        """List what was carried out."""
        return cast("types.PaginatedLedgerRowOutList", self._send(Call("ledger_list", query={"account": account, "campaign": campaign, "channel": channel, "cursor": cursor, "effect": effect, "from": from_, "kind": kind, "outcome": outcome, "page_size": page_size, "proposer": proposer, "search": search, "signer": signer, "to": to})))

    def ledger_explain(self, *, campaign: str | None = None, channel: str | None = None, day: str | None = None, metric: str | None = None) -> types.ExplanationOut:
        """Rank what may have changed a figure."""
        return cast("types.ExplanationOut", self._send(Call("ledger_explain", query={"campaign": campaign, "channel": channel, "day": day, "metric": metric})))

    def proposals_list(self, *, bundle_id: str | None = None, created_after: str | None = None, created_before: str | None = None, cursor: str | None = None, kind: str | None = None, ordering: str | None = None, page_size: int | None = None, proposer: str | None = None, risk: list[Literal["high", "low", "medium"]] | None = None, search: str | None = None, status: list[Literal["approved", "cancelled", "executed", "executing", "expired", "failed", "pending", "rejected", "reverted", "superseded"]] | None = None) -> types.PaginatedProposalOutList:
        """List proposals."""
        return cast("types.PaginatedProposalOutList", self._send(Call("proposals_list", query={"bundle_id": bundle_id, "created_after": created_after, "created_before": created_before, "cursor": cursor, "kind": kind, "ordering": ordering, "page_size": page_size, "proposer": proposer, "risk": risk, "search": search, "status": status})))

    def proposals_create(self, body: types.ProposalInRequest, *, idempotency_key: str | None = None) -> types.ProposalOut:
        """Propose a change."""
        return cast("types.ProposalOut", self._send(Call("proposals_create", body=body, idempotency_key=idempotency_key)))

    def proposals_bulk_reject(self, body: types.BulkRejectInRequest, *, idempotency_key: str | None = None) -> types.BulkOut:
        """Reject many plans."""
        return cast("types.BulkOut", self._send(Call("proposals_bulk_reject", body=body, idempotency_key=idempotency_key)))

    def proposals_bulk_revert(self, body: types.BulkRevertInRequest, *, idempotency_key: str | None = None) -> types.BulkOut:
        """Propose to undo many executed changes."""
        return cast("types.BulkOut", self._send(Call("proposals_bulk_revert", body=body, idempotency_key=idempotency_key)))

    def proposals_bulk_sign(self, body: types.BulkSignInRequest, *, idempotency_key: str | None = None) -> types.BulkOut:
        """Sign many plans."""
        return cast("types.BulkOut", self._send(Call("proposals_bulk_sign", body=body, idempotency_key=idempotency_key)))

    def proposals_read(self, public_id: str) -> types.ProposalDetailOut:
        """Look at a proposal."""
        return cast("types.ProposalDetailOut", self._send(Call("proposals_read", path={"public_id": public_id})))

    def proposals_edit(self, public_id: str, *, body: types.PatchedEditInRequest | None = None) -> types.ProposalOut:
        """Ask for another value."""
        return cast("types.ProposalOut", self._send(Call("proposals_edit", path={"public_id": public_id}, body=body)))

    def proposals_cancel(self, public_id: str, *, body: types.WhyInRequest | None = None, idempotency_key: str | None = None) -> types.ProposalOut:
        """Cancel a proposal."""
        return cast("types.ProposalOut", self._send(Call("proposals_cancel", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def proposals_reject(self, public_id: str, body: types.RejectInRequest, *, idempotency_key: str | None = None) -> types.ProposalOut:
        """Reject a plan."""
        return cast("types.ProposalOut", self._send(Call("proposals_reject", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def proposals_revert(self, public_id: str, *, body: types.WhyInRequest | None = None, idempotency_key: str | None = None) -> types.ProposalOut:
        """Propose to undo an executed change."""
        return cast("types.ProposalOut", self._send(Call("proposals_revert", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def proposals_sign(self, public_id: str, body: types.SignInRequest, *, idempotency_key: str | None = None) -> types.ProposalOut:
        """Sign a plan."""
        return cast("types.ProposalOut", self._send(Call("proposals_sign", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def proposals_snooze(self, public_id: str, body: types.SnoozeInRequest, *, idempotency_key: str | None = None) -> types.ProposalOut:
        """Hide a proposal for a while."""
        return cast("types.ProposalOut", self._send(Call("proposals_snooze", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def proposals_withdraw(self, public_id: str, *, idempotency_key: str | None = None) -> types.ProposalOut:
        """Withdraw one's signature."""
        return cast("types.ProposalOut", self._send(Call("proposals_withdraw", path={"public_id": public_id}, idempotency_key=idempotency_key)))


class InboxOperations:
    """Inbox."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def inbox_analytics(self, *, agent: str | None = None, channel: Literal["email", "sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat", "comment"] | None = None, from_: str | None = None, team: Literal["sales", "support", "success"] | None = None, to: str | None = None) -> types.InboxAnalyticsOut:
        """Figures of the inbox."""
        return cast("types.InboxAnalyticsOut", self._send(Call("inbox_analytics", query={"agent": agent, "channel": channel, "from": from_, "team": team, "to": to})))

    def inbox_objection(self, body: types.InboxTextInRequest) -> types.InboxObjectionOut:
        """Analyse an objection."""
        return cast("types.InboxObjectionOut", self._send(Call("inbox_objection", body=body)))

    def inbox_purchase(self, body: types.InboxTextInRequest) -> types.InboxPurchaseOut:
        """Analyse a purchase intent."""
        return cast("types.InboxPurchaseOut", self._send(Call("inbox_purchase", body=body)))

    def inbox_classify(self, body: types.InboxTextInRequest) -> types.InboxReadingOut:
        """Read a text."""
        return cast("types.InboxReadingOut", self._send(Call("inbox_classify", body=body)))

    def inbox_classify_batch(self, body: types.InboxBatchInRequest) -> types.InboxBatchOut:
        """Read up to 100 texts."""
        return cast("types.InboxBatchOut", self._send(Call("inbox_classify_batch", body=body)))

    def inbox_conversations(self, *, channel: Literal["chat", "comment", "email", "facebook", "instagram", "linkedin", "sms", "twitter", "whatsapp"] | None = None, contact: str | None = None, cursor: str | None = None, intent: Literal["complaint", "compliment", "feedback", "objection", "other", "purchase", "question", "spam", "unsubscribe"] | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["closed", "open", "snoozed", "waiting"] | None = None, tag: str | None = None, team: Literal["sales", "success", "support"] | None = None, urgency: Literal["high", "low", "medium"] | None = None) -> types.PaginatedInboxConversationOutList:
        """List conversations."""
        return cast("types.PaginatedInboxConversationOutList", self._send(Call("inbox_conversations", query={"channel": channel, "contact": contact, "cursor": cursor, "intent": intent, "ordering": ordering, "page_size": page_size, "status": status, "tag": tag, "team": team, "urgency": urgency})))

    def inbox_conversation(self, public_id: str) -> types.InboxConversationDetailOut:
        """Read a conversation."""
        return cast("types.InboxConversationDetailOut", self._send(Call("inbox_conversation", path={"public_id": public_id})))

    def inbox_merge(self, public_id: str, body: types.InboxMergeInRequest, *, idempotency_key: str | None = None) -> types.InboxDoneOut:
        """Merge conversations."""
        return cast("types.InboxDoneOut", self._send(Call("inbox_merge", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_note(self, public_id: str, body: types.InboxNoteInRequest, *, idempotency_key: str | None = None) -> types.InboxNoteOut:
        """Write a note."""
        return cast("types.InboxNoteOut", self._send(Call("inbox_note", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_split(self, public_id: str, body: types.InboxSplitInRequest, *, idempotency_key: str | None = None) -> types.InboxConversationOut:
        """Split a conversation."""
        return cast("types.InboxConversationOut", self._send(Call("inbox_split", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_tags(self, public_id: str, *, body: types.InboxTagsInRequest | None = None, idempotency_key: str | None = None) -> types.InboxConversationOut:
        """Tag a conversation."""
        return cast("types.InboxConversationOut", self._send(Call("inbox_tags", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_suggest(self, body: types.InboxSuggestInRequest) -> types.InboxSuggestOut:
        """Write an answer from the templates."""
        return cast("types.InboxSuggestOut", self._send(Call("inbox_suggest", body=body)))

    def inbox_inbound(self, body: types.InboxInboundInRequest) -> types.InboxResponseOut:
        """Bring a message in."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_inbound", body=body)))

    def inbox_list(self, *, assigned_to: str | None = None, channel: Literal["chat", "comment", "email", "facebook", "instagram", "linkedin", "sms", "twitter", "whatsapp"] | None = None, cursor: str | None = None, intent: Literal["complaint", "compliment", "feedback", "objection", "other", "purchase", "question", "spam", "unsubscribe"] | None = None, is_flagged: bool | None = None, ordering: str | None = None, page_size: int | None = None, sla_breached: bool | None = None, status: Literal["ai_draft_ready", "approved", "archived", "assigned", "awaiting_approval", "closed", "in_progress", "new", "sent"] | None = None, urgency: Literal["high", "low", "medium"] | None = None) -> types.PaginatedInboxResponseOutList:
        """List what people wrote."""
        return cast("types.PaginatedInboxResponseOutList", self._send(Call("inbox_list", query={"assigned_to": assigned_to, "channel": channel, "cursor": cursor, "intent": intent, "is_flagged": is_flagged, "ordering": ordering, "page_size": page_size, "sla_breached": sla_breached, "status": status, "urgency": urgency})))

    def inbox_read(self, public_id: str) -> types.InboxResponseOut:
        """Read a message."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_read", path={"public_id": public_id})))

    def inbox_assign(self, public_id: str, body: types.InboxAssignInRequest, *, idempotency_key: str | None = None) -> types.InboxResponseOut:
        """Assign a conversation."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_assign", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_close(self, public_id: str, *, idempotency_key: str | None = None) -> types.InboxResponseOut:
        """Close a conversation."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_close", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def inbox_escalate(self, public_id: str, *, idempotency_key: str | None = None) -> types.InboxResponseOut:
        """Escalate a conversation."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_escalate", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def inbox_reply(self, public_id: str, body: types.InboxReplyInRequest, *, idempotency_key: str | None = None) -> types.InboxReplyOut:
        """Answer a message."""
        return cast("types.InboxReplyOut", self._send(Call("inbox_reply", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_snooze(self, public_id: str, body: types.InboxSnoozeInRequest, *, idempotency_key: str | None = None) -> types.InboxResponseOut:
        """Snooze a conversation."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_snooze", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def inbox_wait(self, public_id: str, *, idempotency_key: str | None = None) -> types.InboxResponseOut:
        """Wait for the customer."""
        return cast("types.InboxResponseOut", self._send(Call("inbox_wait", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def inbox_sla_alerts(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedInboxAlertOutList:
        """List what is late."""
        return cast("types.PaginatedInboxAlertOutList", self._send(Call("inbox_sla_alerts", query={"cursor": cursor, "ordering": ordering, "page_size": page_size})))

    def inbox_templates(self, *, category: Literal["faq", "follow_up", "objection_handling"] | None = None, cursor: str | None = None, is_archived: bool | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedReplyTemplateOutList:
        """List answers."""
        return cast("types.PaginatedReplyTemplateOutList", self._send(Call("inbox_templates", query={"category": category, "cursor": cursor, "is_archived": is_archived, "ordering": ordering, "page_size": page_size})))

    def inbox_templates_create(self, body: types.ReplyTemplateInRequest, *, idempotency_key: str | None = None) -> types.ReplyTemplateOut:
        """Write an answer beforehand."""
        return cast("types.ReplyTemplateOut", self._send(Call("inbox_templates_create", body=body, idempotency_key=idempotency_key)))

    def inbox_template(self, public_id: str) -> types.ReplyTemplateOut:
        """Read an answer."""
        return cast("types.ReplyTemplateOut", self._send(Call("inbox_template", path={"public_id": public_id})))

    def inbox_templates_update(self, public_id: str, *, body: types.PatchedReplyTemplateChangeInRequest | None = None) -> types.ReplyTemplateOut:
        """Change an answer."""
        return cast("types.ReplyTemplateOut", self._send(Call("inbox_templates_update", path={"public_id": public_id}, body=body)))

    def inbox_templates_approve(self, public_id: str, *, idempotency_key: str | None = None) -> types.ReplyTemplateOut:
        """Approve an answer."""
        return cast("types.ReplyTemplateOut", self._send(Call("inbox_templates_approve", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def inbox_templates_archive(self, public_id: str, *, idempotency_key: str | None = None) -> types.ReplyTemplateOut:
        """Put an answer away."""
        return cast("types.ReplyTemplateOut", self._send(Call("inbox_templates_archive", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def inbox_undo(self, public_id: str, *, idempotency_key: str | None = None) -> types.InboxDoneOut:
        """Undo an act."""
        return cast("types.InboxDoneOut", self._send(Call("inbox_undo", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def inbox_draft(self, public_id: str, body: types.InboxDraftInRequest, *, idempotency_key: str | None = None) -> types.InboxDraftOut:
        """Draft an answer."""
        return cast("types.InboxDraftOut", self._send(Call("inbox_draft", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))


class InsightOperations:
    """Insight."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def analytics_channels(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> list[types.InsightChannelOut]:
        """Sum up each channel."""
        return cast("list[types.InsightChannelOut]", self._send(Call("analytics_channels", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def analytics_roi_trend(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> list[types.RoiDayOut]:
        """ROI of each channel by day."""
        return cast("list[types.RoiDayOut]", self._send(Call("analytics_roi_trend", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def analytics_summary(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.InsightSummaryOut:
        """Sum up all campaigns."""
        return cast("types.InsightSummaryOut", self._send(Call("analytics_summary", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def executive_summary(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.ExecutiveSummaryOut:
        """What growth costs and returns."""
        return cast("types.ExecutiveSummaryOut", self._send(Call("executive_summary", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def executive_trends(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.ExecutiveTrendsOut:
        """Growth by day, and a plain forecast."""
        return cast("types.ExecutiveTrendsOut", self._send(Call("executive_trends", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def funnel_summary(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.WaySummaryOut:
        """From an impression to a payer."""
        return cast("types.WaySummaryOut", self._send(Call("funnel_summary", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def funnel_trends(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.WayTrendsOut:
        """The funnel by day."""
        return cast("types.WayTrendsOut", self._send(Call("funnel_trends", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def organic_halo_effect(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.OrganicHaloOut:
        """Tell how organic installs move with those by ads."""
        return cast("types.OrganicHaloOut", self._send(Call("organic_halo_effect", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def organic_summary(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.OrganicSummaryOut:
        """Who came without an ad, and who stayed."""
        return cast("types.OrganicSummaryOut", self._send(Call("organic_summary", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def organic_trends(self, *, campaign: str | None = None, channel: str | None = None, days: int | None = None, from_: str | None = None, to: str | None = None) -> types.OrganicTrendsOut:
        """Organic users by day."""
        return cast("types.OrganicTrendsOut", self._send(Call("organic_trends", query={"campaign": campaign, "channel": channel, "days": days, "from": from_, "to": to})))

    def paid_media_campaigns(self, *, campaign: str | None = None, channel: str | None = None, cursor: str | None = None, days: int | None = None, from_: str | None = None, page_size: int | None = None, to: str | None = None) -> types.PaginatedPaidRowOutList:
        """What each campaign cost and brought."""
        return cast("types.PaginatedPaidRowOutList", self._send(Call("paid_media_campaigns", query={"campaign": campaign, "channel": channel, "cursor": cursor, "days": days, "from": from_, "page_size": page_size, "to": to})))

    def paid_media_channels(self, *, campaign: str | None = None, channel: str | None = None, cursor: str | None = None, days: int | None = None, from_: str | None = None, page_size: int | None = None, to: str | None = None) -> types.PaginatedPaidRowOutList:
        """What each channel cost and brought."""
        return cast("types.PaginatedPaidRowOutList", self._send(Call("paid_media_channels", query={"campaign": campaign, "channel": channel, "cursor": cursor, "days": days, "from": from_, "page_size": page_size, "to": to})))

    def predictions_list(self, *, campaign: str | None = None, channel: str | None = None, cursor: str | None = None, day: str | None = None, ordering: str | None = None, page_size: int | None = None, risk_level: Literal["high", "low", "medium"] | None = None) -> types.PaginatedPredictionOutList:
        """List predictions."""
        return cast("types.PaginatedPredictionOutList", self._send(Call("predictions_list", query={"campaign": campaign, "channel": channel, "cursor": cursor, "day": day, "ordering": ordering, "page_size": page_size, "risk_level": risk_level})))

    def predictions_generate(self, *, idempotency_key: str | None = None) -> types.JobRunOut:
        """Predict all campaigns now."""
        return cast("types.JobRunOut", self._send(Call("predictions_generate", idempotency_key=idempotency_key)))

    def predictions_latest(self, *, campaign: str | None = None, channel: str | None = None, cursor: str | None = None, day: str | None = None, ordering: str | None = None, page_size: int | None = None, risk_level: Literal["high", "low", "medium"] | None = None) -> types.PaginatedPredictionOutList:
        """The newest prediction of each campaign."""
        return cast("types.PaginatedPredictionOutList", self._send(Call("predictions_latest", query={"campaign": campaign, "channel": channel, "cursor": cursor, "day": day, "ordering": ordering, "page_size": page_size, "risk_level": risk_level})))


class JobsOperations:
    """Jobs."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def jobs_list(self, *, cursor: str | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None, state: Literal["active", "completed", "expired", "failed", "queued", "retry"] | None = None) -> types.PaginatedJobRunOutList:
        """List runs of jobs."""
        return cast("types.PaginatedJobRunOutList", self._send(Call("jobs_list", query={"cursor": cursor, "name": name, "ordering": ordering, "page_size": page_size, "state": state})))

    def jobs_run(self, name: str, *, idempotency_key: str | None = None) -> types.JobRunOut:
        """Start a job."""
        return cast("types.JobRunOut", self._send(Call("jobs_run", path={"name": name}, idempotency_key=idempotency_key)))


class MlDashboardsAndSyncOperations:
    """ML dashboards and sync."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def ml_dashboard_generate_all(self, *, idempotency_key: str | None = None) -> types.SyncStartedOut:
        """Make all four dashboards."""
        return cast("types.SyncStartedOut", self._send(Call("ml_dashboard_generate_all", idempotency_key=idempotency_key)))

    def ml_dashboard_status(self) -> types.BoardsStatusOut:
        """How old are the dashboards?."""
        return cast("types.BoardsStatusOut", self._send(Call("ml_dashboard_status")))

    def ml_dashboard_chart(self, name: Literal["budget-recommendations", "reach-ctr-timeseries", "roi-forecast", "roi-timeseries"], *, theme: Literal["dark", "light"] | None = None) -> bytes:
        """Chart of a dashboard as PNG."""
        return cast("bytes", self._send(Call("ml_dashboard_chart", path={"name": name}, query={"theme": theme})))

    def ml_dashboard_data(self, name: Literal["budget-recommendations", "reach-ctr-timeseries", "roi-forecast", "roi-timeseries"]) -> types.BoardDataOut:
        """Rows of a dashboard."""
        return cast("types.BoardDataOut", self._send(Call("ml_dashboard_data", path={"name": name})))

    def sync_run_now(self, *, idempotency_key: str | None = None) -> types.SyncStartedOut:
        """Make the ML dashboards now."""
        return cast("types.SyncStartedOut", self._send(Call("sync_run_now", idempotency_key=idempotency_key)))

    def sync_status(self) -> types.SyncStatusOut:
        """How far is the sync?."""
        return cast("types.SyncStatusOut", self._send(Call("sync_status")))


class MachineLearningOperations:
    """Machine learning."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def sampler_feedback(self, body: types.FeedbackInRequest, *, idempotency_key: str | None = None) -> types.FeedbackOut:
        """Tell what an arm really brought."""
        return cast("types.FeedbackOut", self._send(Call("sampler_feedback", body=body, idempotency_key=idempotency_key)))

    def sampler_select(self, body: types.SelectInRequest, *, idempotency_key: str | None = None) -> types.AllocationOut:
        """Recommend budgets by Thompson sampling."""
        return cast("types.AllocationOut", self._send(Call("sampler_select", body=body, idempotency_key=idempotency_key)))

    def optimize_budget(self, body: types.OptimizeBudgetInRequest) -> types.OptimizedBudgetOut:
        """Find the best budget of each channel."""
        return cast("types.OptimizedBudgetOut", self._send(Call("optimize_budget", body=body)))

    def models_predict(self, name: str, *, body: types.ModelPredictionInRequest | None = None, idempotency_key: str | None = None) -> types.ModelPredictionsOut:
        """Ask the model that serves."""
        return cast("types.ModelPredictionsOut", self._send(Call("models_predict", path={"name": name}, body=body, idempotency_key=idempotency_key)))


class ModelsOperations:
    """Models."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def models_list(self, *, cursor: str | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None, stage: Literal["archived", "challenger", "champion", "shadow"] | None = None) -> types.PaginatedModelVersionOutList:
        """List versions of models."""
        return cast("types.PaginatedModelVersionOutList", self._send(Call("models_list", query={"cursor": cursor, "name": name, "ordering": ordering, "page_size": page_size, "stage": stage})))

    def models_rollback(self, name: str, body: types.RollbackInRequest, *, idempotency_key: str | None = None) -> types.ModelVersionOut:
        """Go back to the champion before."""
        return cast("types.ModelVersionOut", self._send(Call("models_rollback", path={"name": name}, body=body, idempotency_key=idempotency_key)))

    def models_train(self, name: str, *, idempotency_key: str | None = None) -> types.JobRunOut:
        """Train a model anew."""
        return cast("types.JobRunOut", self._send(Call("models_train", path={"name": name}, idempotency_key=idempotency_key)))

    def models_read(self, public_id: str) -> types.ModelCardOut:
        """Read one version."""
        return cast("types.ModelCardOut", self._send(Call("models_read", path={"public_id": public_id})))

    def models_serve_everybody(self, public_id: str, *, idempotency_key: str | None = None) -> types.ModelVersionOut:
        """Let a canary serve everyone now."""
        return cast("types.ModelVersionOut", self._send(Call("models_serve_everybody", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def models_stop_canary(self, public_id: str, body: types.CanaryStopInRequest, *, idempotency_key: str | None = None) -> types.ModelVersionOut:
        """Stop a canary."""
        return cast("types.ModelVersionOut", self._send(Call("models_stop_canary", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def models_propose_promotion(self, public_id: str, body: types.PromotionInRequest, *, idempotency_key: str | None = None) -> types.PromotionProposedOut:
        """Propose that a version serves."""
        return cast("types.PromotionProposedOut", self._send(Call("models_propose_promotion", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))


class OutreachOperations:
    """Outreach."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def outreach_campaigns_list(self, *, cursor: str | None = None, is_archived: bool | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["active", "awaiting_approval", "completed", "draft", "paused"] | None = None, type: Literal["customer_service", "newsletter", "promotion", "sequence"] | None = None) -> types.PaginatedOutreachCampaignOutList:
        """List campaigns."""
        return cast("types.PaginatedOutreachCampaignOutList", self._send(Call("outreach_campaigns_list", query={"cursor": cursor, "is_archived": is_archived, "ordering": ordering, "page_size": page_size, "status": status, "type": type})))

    def outreach_campaigns_create(self, body: types.OutreachCampaignInRequest, *, idempotency_key: str | None = None) -> types.OutreachCampaignOut:
        """Make a draft."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_create", body=body, idempotency_key=idempotency_key)))

    def outreach_campaigns_read(self, public_id: str) -> types.OutreachCampaignOut:
        """Read a campaign."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_read", path={"public_id": public_id})))

    def outreach_campaigns_update(self, public_id: str, *, body: types.PatchedOutreachCampaignChangeInRequest | None = None) -> types.OutreachCampaignOut:
        """Change a campaign."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_update", path={"public_id": public_id}, body=body)))

    def outreach_campaigns_archive(self, public_id: str, *, idempotency_key: str | None = None) -> types.OutreachCampaignOut:
        """Archive a campaign."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_archive", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def outreach_campaigns_copy(self, public_id: str, *, idempotency_key: str | None = None) -> types.OutreachCampaignOut:
        """Copy a campaign."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_copy", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def outreach_campaigns_launch(self, public_id: str, *, body: types.LaunchInRequest | None = None, idempotency_key: str | None = None) -> types.PlanProposedOut:
        """Launch a campaign."""
        return cast("types.PlanProposedOut", self._send(Call("outreach_campaigns_launch", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def outreach_campaigns_pause(self, public_id: str, body: types.SendReasonInRequest, *, idempotency_key: str | None = None) -> types.OutreachCampaignOut:
        """Pause a campaign."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_pause", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def outreach_campaigns_plan_read(self, public_id: str, *, cursor: str | None = None, page_size: int | None = None, plan: str | None = None) -> types.PaginatedPlanDiffOutList:
        """Read a plan."""
        return cast("types.PaginatedPlanDiffOutList", self._send(Call("outreach_campaigns_plan_read", path={"public_id": public_id}, query={"cursor": cursor, "page_size": page_size, "plan": plan})))

    def outreach_campaigns_plan(self, public_id: str, *, idempotency_key: str | None = None) -> types.SendPlanOut:
        """Plan a send."""
        return cast("types.SendPlanOut", self._send(Call("outreach_campaigns_plan", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def outreach_campaigns_plan_rows(self, public_id: str, *, cursor: str | None = None, ordering: str | None = None, outcome: Literal["budget_exceeded", "daily_budget_exceeded", "daily_limit_reached", "duplicate", "failed", "frequency_cap", "no_consent", "no_viable_channel", "outside_window", "queued", "scheduled", "suppressed"] | None = None, page_size: int | None = None, plan: str | None = None) -> types.PaginatedPlannedSendOutList:
        """Read the rows of a plan."""
        return cast("types.PaginatedPlannedSendOutList", self._send(Call("outreach_campaigns_plan_rows", path={"public_id": public_id}, query={"cursor": cursor, "ordering": ordering, "outcome": outcome, "page_size": page_size, "plan": plan})))

    def outreach_campaigns_restore(self, public_id: str, *, idempotency_key: str | None = None) -> types.OutreachCampaignOut:
        """Restore an archived campaign."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_restore", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def outreach_campaigns_resume(self, public_id: str, body: types.SendReasonInRequest, *, idempotency_key: str | None = None) -> types.PlanProposedOut:
        """Let a paused campaign go on."""
        return cast("types.PlanProposedOut", self._send(Call("outreach_campaigns_resume", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def outreach_campaigns_status(self, public_id: str, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedCampaignStatusOutList:
        """Read how far a campaign is."""
        return cast("types.PaginatedCampaignStatusOutList", self._send(Call("outreach_campaigns_status", path={"public_id": public_id}, query={"cursor": cursor, "page_size": page_size})))

    def outreach_campaigns_stop(self, public_id: str, body: types.SendReasonInRequest, *, idempotency_key: str | None = None) -> types.OutreachCampaignOut:
        """Stop a campaign for good."""
        return cast("types.OutreachCampaignOut", self._send(Call("outreach_campaigns_stop", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def outreach_messages_list(self, *, campaign: str | None = None, channel: Literal["chat", "email", "facebook", "instagram", "linkedin", "sms", "twitter", "whatsapp"] | None = None, contact: str | None = None, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["bounced", "cancelled", "clicked", "complained", "delivered", "failed", "opened", "pending", "replied", "scheduled", "sending", "sent", "unsubscribed"] | None = None, unsure: bool | None = None) -> types.PaginatedOutreachMessageOutList:
        """List messages."""
        return cast("types.PaginatedOutreachMessageOutList", self._send(Call("outreach_messages_list", query={"campaign": campaign, "channel": channel, "contact": contact, "cursor": cursor, "ordering": ordering, "page_size": page_size, "status": status, "unsure": unsure})))

    def outreach_messages_read(self, public_id: str) -> types.OutreachMessageDetailOut:
        """Read a message and its proof."""
        return cast("types.OutreachMessageDetailOut", self._send(Call("outreach_messages_read", path={"public_id": public_id})))

    def outreach_messages_replay(self, public_id: str, *, idempotency_key: str | None = None) -> types.OutreachMessageDetailOut:
        """Send a failed message again."""
        return cast("types.OutreachMessageDetailOut", self._send(Call("outreach_messages_replay", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def outreach_send_batch(self, body: types.OutreachSendBatchInRequest, *, idempotency_key: str | None = None) -> types.OutreachBatchOut:
        """Send a text to several people."""
        return cast("types.OutreachBatchOut", self._send(Call("outreach_send_batch", body=body, idempotency_key=idempotency_key)))

    def outreach_send(self, *, body: types.OutreachSendInRequest | None = None, idempotency_key: str | None = None) -> types.OutreachSentOut:
        """Send one message."""
        return cast("types.OutreachSentOut", self._send(Call("outreach_send", body=body, idempotency_key=idempotency_key)))

    def outreach_tasks_list(self, *, cursor: str | None = None, is_done: bool | None = None, ordering: str | None = None, page_size: int | None = None, reason: Literal["assisted", "unsure", "window_closed"] | None = None) -> types.PaginatedOutreachTaskOutList:
        """List tasks of people."""
        return cast("types.PaginatedOutreachTaskOutList", self._send(Call("outreach_tasks_list", query={"cursor": cursor, "is_done": is_done, "ordering": ordering, "page_size": page_size, "reason": reason})))

    def outreach_tasks_again(self, public_id: str, *, idempotency_key: str | None = None) -> None:
        """Send an unsure message again."""
        self._send(Call("outreach_tasks_again", path={"public_id": public_id}, idempotency_key=idempotency_key))

    def outreach_tasks_dismiss(self, public_id: str, *, idempotency_key: str | None = None) -> types.OutreachTaskOut:
        """Leave a message unsent."""
        return cast("types.OutreachTaskOut", self._send(Call("outreach_tasks_dismiss", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def outreach_tasks_sent(self, public_id: str, *, idempotency_key: str | None = None) -> types.OutreachTaskOut:
        """Note that a message went out."""
        return cast("types.OutreachTaskOut", self._send(Call("outreach_tasks_sent", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def texts_list(self, *, category: Literal["authentication", "marketing", "service", "utility"] | None = None, channel: Literal["chat", "email", "facebook", "instagram", "linkedin", "sms", "twitter", "whatsapp"] | None = None, cursor: str | None = None, name: str | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["active", "archived", "draft"] | None = None) -> types.PaginatedTextOutList:
        """List templates."""
        return cast("types.PaginatedTextOutList", self._send(Call("texts_list", query={"category": category, "channel": channel, "cursor": cursor, "name": name, "ordering": ordering, "page_size": page_size, "status": status})))

    def texts_create(self, body: types.TextInRequest, *, idempotency_key: str | None = None) -> types.TextDetailOut:
        """Write a template."""
        return cast("types.TextDetailOut", self._send(Call("texts_create", body=body, idempotency_key=idempotency_key)))

    def texts_preview(self, body: types.TextPreviewInRequest) -> types.TextLookOut:
        """Preview and check a text."""
        return cast("types.TextLookOut", self._send(Call("texts_preview", body=body)))

    def texts_read(self, public_id: str) -> types.TextDetailOut:
        """Read a template."""
        return cast("types.TextDetailOut", self._send(Call("texts_read", path={"public_id": public_id})))

    def texts_update(self, public_id: str, *, body: types.PatchedTextChangeInRequest | None = None) -> types.TextDetailOut:
        """Name, use or archive a template."""
        return cast("types.TextDetailOut", self._send(Call("texts_update", path={"public_id": public_id}, body=body)))

    def texts_look(self, public_id: str, *, body: types.TextOfInRequest | None = None) -> types.TextLookOut:
        """Preview and check a version."""
        return cast("types.TextLookOut", self._send(Call("texts_look", path={"public_id": public_id}, body=body)))

    def texts_test(self, public_id: str, *, body: types.TextOfInRequest | None = None, idempotency_key: str | None = None) -> types.TextTriedOut:
        """Mail a version to yourself."""
        return cast("types.TextTriedOut", self._send(Call("texts_test", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def texts_versions(self, public_id: str, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedTextVersionOutList:
        """List versions."""
        return cast("types.PaginatedTextVersionOutList", self._send(Call("texts_versions", path={"public_id": public_id}, query={"cursor": cursor, "page_size": page_size})))

    def texts_write(self, public_id: str, *, body: types.TextVersionInRequest | None = None, idempotency_key: str | None = None) -> types.TextDetailOut:
        """Write the next version."""
        return cast("types.TextDetailOut", self._send(Call("texts_write", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))


class RecommendationsOperations:
    """Recommendations."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def recommendations_list(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedChannelAdviceOutList:
        """List recommendations."""
        return cast("types.PaginatedChannelAdviceOutList", self._send(Call("recommendations_list", query={"cursor": cursor, "ordering": ordering, "page_size": page_size})))

    def recommendations_generate(self, *, idempotency_key: str | None = None) -> types.JobRunOut:
        """Make a recommendation."""
        return cast("types.JobRunOut", self._send(Call("recommendations_generate", idempotency_key=idempotency_key)))

    def recommendations_latest(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedChannelAdviceWithEvidenceOutList:
        """Read the newest recommendation."""
        return cast("types.PaginatedChannelAdviceWithEvidenceOutList", self._send(Call("recommendations_latest", query={"cursor": cursor, "ordering": ordering, "page_size": page_size})))

    def recommendations_send_to_approval(self, public_id: str, *, idempotency_key: str | None = None) -> types.ChannelAdviceWithEvidenceOut:
        """Send a recommendation to approval."""
        return cast("types.ChannelAdviceWithEvidenceOut", self._send(Call("recommendations_send_to_approval", path={"public_id": public_id}, idempotency_key=idempotency_key)))


class ReportsOperations:
    """Reports."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def reports_v_campaign_activity_summary(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedCampaignActivitySummaryOutList:
        """How much was done to each campaign (``v_campaign_activity_summary``)."""
        return cast("types.PaginatedCampaignActivitySummaryOutList", self._send(Call("reports_v_campaign_activity_summary", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_failed_jobs(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedFailedJobOutList:
        """Failed runs of the last 24 hours (``v_failed_jobs``)."""
        return cast("types.PaginatedFailedJobOutList", self._send(Call("reports_v_failed_jobs", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_job_performance_by_tenant(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedJobPerformanceByTenantOutList:
        """Runs of the last 7 days by workspace and job (``v_job_performance_by_tenant``)."""
        return cast("types.PaginatedJobPerformanceByTenantOutList", self._send(Call("reports_v_job_performance_by_tenant", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_job_queue_health(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedJobQueueHealthOutList:
        """Runs of the last hour by workspace and job (``v_job_queue_health``)."""
        return cast("types.PaginatedJobQueueHealthOutList", self._send(Call("reports_v_job_queue_health", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_rate_limit_status(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedRateLimitStatusOutList:
        """How much of a job's hourly limit is used (``v_rate_limit_status``)."""
        return cast("types.PaginatedRateLimitStatusOutList", self._send(Call("reports_v_rate_limit_status", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_recent_budget_changes(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedRecentBudgetChangeOutList:
        """Budget changes of the last 24 hours (``v_recent_budget_changes``)."""
        return cast("types.PaginatedRecentBudgetChangeOutList", self._send(Call("reports_v_recent_budget_changes", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_safety_check_failures(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedSafetyCheckFailureOutList:
        """What the safety checks or the platform stopped (``v_safety_check_failures``). Of each workspace the newest ten thousand attempts without effect, and as many checks that hold open plans; all attempts stand in the history."""
        return cast("types.PaginatedSafetyCheckFailureOutList", self._send(Call("reports_v_safety_check_failures", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_stage_values(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedStageValueOutList:
        """What each pipeline stage is worth now (``v_stage_values``)."""
        return cast("types.PaginatedStageValueOutList", self._send(Call("reports_v_stage_values", query={"cursor": cursor, "page_size": page_size})))

    def reports_v_synthetic_revenue_summary(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedSyntheticRevenueSummaryOutList:
        """Deals and their value by stage (``v_synthetic_revenue_summary``)."""
        return cast("types.PaginatedSyntheticRevenueSummaryOutList", self._send(Call("reports_v_synthetic_revenue_summary", query={"cursor": cursor, "page_size": page_size})))


class SafetyPolicyOperations:
    """Safety policy."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def safety_policy_read(self, *, ad_account: str | None = None) -> types.StandingOut:
        """Read the safety policy."""
        return cast("types.StandingOut", self._send(Call("safety_policy_read", query={"ad_account": ad_account})))

    def safety_policy_save(self, body: types.PolicyInRequest) -> types.PolicyOut:
        """Change the safety policy."""
        return cast("types.PolicyOut", self._send(Call("safety_policy_save", body=body)))

    def safety_policy_confirm(self, body: types.DecideInRequest, *, idempotency_key: str | None = None) -> types.PolicyOut:
        """Confirm a policy that loosens."""
        return cast("types.PolicyOut", self._send(Call("safety_policy_confirm", body=body, idempotency_key=idempotency_key)))

    def safety_policy_simulate(self, body: types.SimulateInRequest) -> types.SimulationOut:
        """Try an edited policy on past proposals."""
        return cast("types.SimulationOut", self._send(Call("safety_policy_simulate", body=body)))

    def safety_policy_withdraw(self, body: types.DecideInRequest, *, idempotency_key: str | None = None) -> types.PolicyOut:
        """Drop a policy that waits."""
        return cast("types.PolicyOut", self._send(Call("safety_policy_withdraw", body=body, idempotency_key=idempotency_key)))


class ScenariosOperations:
    """Scenarios."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def scenarios_list(self, *, cursor: str | None = None, page_size: int | None = None) -> types.PaginatedScenarioOutList:
        """List scenarios."""
        return cast("types.PaginatedScenarioOutList", self._send(Call("scenarios_list", query={"cursor": cursor, "page_size": page_size})))

    def scenarios_create(self, body: types.KeepPlanInRequest, *, idempotency_key: str | None = None) -> types.ScenarioOut:
        """Keep a scenario."""
        return cast("types.ScenarioOut", self._send(Call("scenarios_create", body=body, idempotency_key=idempotency_key)))

    def scenarios_predict(self, *, body: types.TryPlanInRequest | None = None) -> types.TriedPlanOut:
        """Try a plan."""
        return cast("types.TriedPlanOut", self._send(Call("scenarios_predict", body=body)))

    def scenarios_read(self, public_id: str) -> types.ScenarioOut:
        """Read a scenario."""
        return cast("types.ScenarioOut", self._send(Call("scenarios_read", path={"public_id": public_id})))

    def scenarios_send_to_approval(self, public_id: str, *, idempotency_key: str | None = None) -> types.ScenarioOut:
        """Send a scenario to approval."""
        return cast("types.ScenarioOut", self._send(Call("scenarios_send_to_approval", path={"public_id": public_id}, idempotency_key=idempotency_key)))


class SignalsOperations:
    """Signals."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def signals_list(self, *, channel: str | None = None, cursor: str | None = None, days: int | None = None, page_size: int | None = None, severity: Literal["info", "warning", "critical"] | None = None, state: Literal["open", "dismissed", "resolved", "current", "all"] | None = None, type: Literal["creative_breakthrough", "creative_fatigue", "audience_exhausted", "viral_moment", "competitor_launch", "budget_overrun", "budget_underrun", "synergy_detected", "platform_drift"] | None = None) -> types.PaginatedSignalOutList:
        """List signals."""
        return cast("types.PaginatedSignalOutList", self._send(Call("signals_list", query={"channel": channel, "cursor": cursor, "days": days, "page_size": page_size, "severity": severity, "state": state, "type": type})))

    def signals_dismiss(self, public_id: str, *, idempotency_key: str | None = None) -> types.SignalOut:
        """Put a signal aside."""
        return cast("types.SignalOut", self._send(Call("signals_dismiss", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def signals_propose(self, public_id: str, *, idempotency_key: str | None = None) -> types.ProposedOut:
        """Propose what a signal recommends."""
        return cast("types.ProposedOut", self._send(Call("signals_propose", path={"public_id": public_id}, idempotency_key=idempotency_key)))


class SocialOperations:
    """Social."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def social_advocates_list(self, *, cursor: str | None = None, is_active: bool | None = None, is_vip: bool | None = None, ordering: str | None = None, page_size: int | None = None, platform: Literal["facebook", "instagram", "linkedin", "tiktok", "twitter"] | None = None, tier: Literal["bronze", "gold", "platinum", "silver"] | None = None) -> types.PaginatedSocialAdvocateOutList:
        """List advocates."""
        return cast("types.PaginatedSocialAdvocateOutList", self._send(Call("social_advocates_list", query={"cursor": cursor, "is_active": is_active, "is_vip": is_vip, "ordering": ordering, "page_size": page_size, "platform": platform, "tier": tier})))

    def social_advocate(self, public_id: str) -> types.SocialAdvocateOut:
        """Read an advocate."""
        return cast("types.SocialAdvocateOut", self._send(Call("social_advocate", path={"public_id": public_id})))

    def social_engagements_list(self, *, cursor: str | None = None, intent: str | None = None, is_possible_advocate: bool | None = None, kind: Literal["comment", "like", "mention", "profile_visit", "repost", "save", "share", "tag"] | None = None, ordering: str | None = None, page_size: int | None = None, platform: Literal["facebook", "instagram", "linkedin", "tiktok", "twitter"] | None = None, post: str | None = None, since: str | None = None) -> types.PaginatedSocialEngagementOutList:
        """List engagement."""
        return cast("types.PaginatedSocialEngagementOutList", self._send(Call("social_engagements_list", query={"cursor": cursor, "intent": intent, "is_possible_advocate": is_possible_advocate, "kind": kind, "ordering": ordering, "page_size": page_size, "platform": platform, "post": post, "since": since})))

    def social_funnels_list(self, *, cursor: str | None = None, is_archived: bool | None = None, is_on: bool | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedSocialFunnelOutList:
        """List funnels."""
        return cast("types.PaginatedSocialFunnelOutList", self._send(Call("social_funnels_list", query={"cursor": cursor, "is_archived": is_archived, "is_on": is_on, "ordering": ordering, "page_size": page_size})))

    def social_funnels_create(self, body: types.SocialFunnelInRequest, *, idempotency_key: str | None = None) -> types.SocialFunnelOut:
        """Make a funnel."""
        return cast("types.SocialFunnelOut", self._send(Call("social_funnels_create", body=body, idempotency_key=idempotency_key)))

    def social_funnel(self, public_id: str) -> types.SocialFunnelOut:
        """Read a funnel."""
        return cast("types.SocialFunnelOut", self._send(Call("social_funnel", path={"public_id": public_id})))

    def social_funnel_change(self, public_id: str, *, body: types.PatchedSocialFunnelChangeInRequest | None = None) -> types.SocialFunnelOut:
        """Change a funnel."""
        return cast("types.SocialFunnelOut", self._send(Call("social_funnel_change", path={"public_id": public_id}, body=body)))

    def social_funnel_archive(self, public_id: str) -> None:
        """Put a funnel away."""
        self._send(Call("social_funnel_archive", path={"public_id": public_id}))

    def social_funnel_pause(self, public_id: str, *, idempotency_key: str | None = None) -> types.SocialFunnelOut:
        """Switch a funnel off."""
        return cast("types.SocialFunnelOut", self._send(Call("social_funnel_pause", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def social_funnel_report(self, public_id: str, *, cursor: str | None = None, is_archived: bool | None = None, is_on: bool | None = None, ordering: str | None = None, page_size: int | None = None, since: str | None = None, until: str | None = None) -> types.PaginatedFunnelReportOutList:
        """Report on a funnel."""
        return cast("types.PaginatedFunnelReportOutList", self._send(Call("social_funnel_report", path={"public_id": public_id}, query={"cursor": cursor, "is_archived": is_archived, "is_on": is_on, "ordering": ordering, "page_size": page_size, "since": since, "until": until})))

    def social_funnel_start(self, public_id: str, *, idempotency_key: str | None = None) -> types.SocialFunnelOut:
        """Switch a funnel on."""
        return cast("types.SocialFunnelOut", self._send(Call("social_funnel_start", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def social_insights_list(self, platform: Literal["facebook", "instagram", "linkedin", "tiktok", "twitter"]) -> types.PaginatedPlatformInsightOutList:
        """List insights of a network."""
        return cast("types.PaginatedPlatformInsightOutList", self._send(Call("social_insights_list", path={"platform": platform})))

    def social_posts_list(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None, platform: Literal["facebook", "instagram", "linkedin", "tiktok", "twitter"] | None = None, since: str | None = None, type: str | None = None) -> types.PaginatedSocialPostOutList:
        """List posts."""
        return cast("types.PaginatedSocialPostOutList", self._send(Call("social_posts_list", query={"cursor": cursor, "ordering": ordering, "page_size": page_size, "platform": platform, "since": since, "type": type})))

    def social_post(self, public_id: str) -> types.SocialPostWholeOut:
        """Read a post."""
        return cast("types.SocialPostWholeOut", self._send(Call("social_post", path={"public_id": public_id})))

    def social_post_switches(self, public_id: str, *, body: types.SocialPostInRequest | None = None, idempotency_key: str | None = None) -> types.SocialPostOut:
        """Say what funnels may do on a post."""
        return cast("types.SocialPostOut", self._send(Call("social_post_switches", path={"public_id": public_id}, body=body, idempotency_key=idempotency_key)))

    def social_sync(self, platform: Literal["facebook", "instagram", "linkedin", "tiktok", "twitter"], *, idempotency_key: str | None = None) -> types.JobRunOut:
        """Read a network."""
        return cast("types.JobRunOut", self._send(Call("social_sync", path={"platform": platform}, idempotency_key=idempotency_key)))


class SyntheticRevenueOperations:
    """Synthetic revenue."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def crm_data_ingest(self, body: types.CrmDataInRequest, *, idempotency_key: str | None = None) -> types.CrmDataOut:
        """Set the pipeline value of ads."""
        return cast("types.CrmDataOut", self._send(Call("crm_data_ingest", body=body, idempotency_key=idempotency_key)))

    def hubspot_event_process(self, body: types.HubSpotEventInRequest, *, idempotency_key: str | None = None) -> types.QueuedOut:
        """Have an event of HubSpot processed."""
        return cast("types.QueuedOut", self._send(Call("hubspot_event_process", body=body, idempotency_key=idempotency_key)))

    def synthetic_revenue_ad_roas(self, body: types.AdRoasInRequest, *, idempotency_key: str | None = None) -> types.AdRoasOut:
        """Set an ad's stage changes against its spend."""
        return cast("types.AdRoasOut", self._send(Call("synthetic_revenue_ad_roas", body=body, idempotency_key=idempotency_key)))

    def synthetic_revenue_calculate(self, body: types.StageChangeInRequest, *, idempotency_key: str | None = None) -> types.IncrementOut:
        """Value a stage change."""
        return cast("types.IncrementOut", self._send(Call("synthetic_revenue_calculate", body=body, idempotency_key=idempotency_key)))

    def synthetic_revenue_stages(self) -> types.StagesOut:
        """List stages by value."""
        return cast("types.StagesOut", self._send(Call("synthetic_revenue_stages")))

    def synthetic_revenue_get_stages(self, *, idempotency_key: str | None = None) -> types.StagesOut:
        """List stages by value, asked for by POST."""
        return cast("types.StagesOut", self._send(Call("synthetic_revenue_get_stages", idempotency_key=idempotency_key)))

    def synthetic_revenue_config_read(self) -> types.ConfigOut:
        """Read the stage values."""
        return cast("types.ConfigOut", self._send(Call("synthetic_revenue_config_read")))

    def synthetic_revenue_config_propose(self, body: types.ConfigInRequest) -> types.ConfigProposedOut:
        """Propose other stage values."""
        return cast("types.ConfigProposedOut", self._send(Call("synthetic_revenue_config_propose", body=body)))


class WebhooksOutOperations:
    """Webhooks out."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def webhook_endpoints_list(self, *, cursor: str | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedEndpointOutList:
        """List webhook endpoints."""
        return cast("types.PaginatedEndpointOutList", self._send(Call("webhook_endpoints_list", query={"cursor": cursor, "ordering": ordering, "page_size": page_size})))

    def webhook_endpoints_create(self, body: types.EndpointInRequest, *, idempotency_key: str | None = None) -> types.NewEndpointOut:
        """Register a webhook endpoint."""
        return cast("types.NewEndpointOut", self._send(Call("webhook_endpoints_create", body=body, idempotency_key=idempotency_key)))

    def webhook_deliveries_list(self, endpoint_id: str, *, cursor: str | None = None, event_type: str | None = None, is_delivered: bool | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedDeliveryOutList:
        """List deliveries of an endpoint."""
        return cast("types.PaginatedDeliveryOutList", self._send(Call("webhook_deliveries_list", path={"endpoint_id": endpoint_id}, query={"cursor": cursor, "event_type": event_type, "is_delivered": is_delivered, "ordering": ordering, "page_size": page_size})))

    def webhook_deliveries_replay(self, endpoint_id: str, public_id: str, *, idempotency_key: str | None = None) -> types.DeliveryOut:
        """Send a delivery again."""
        return cast("types.DeliveryOut", self._send(Call("webhook_deliveries_replay", path={"endpoint_id": endpoint_id, "public_id": public_id}, idempotency_key=idempotency_key)))

    def webhook_endpoints_read(self, public_id: str) -> types.EndpointOut:
        """Look at a webhook endpoint."""
        return cast("types.EndpointOut", self._send(Call("webhook_endpoints_read", path={"public_id": public_id})))

    def webhook_endpoints_switch(self, public_id: str, *, body: types.PatchedEndpointEditInRequest | None = None) -> types.EndpointOut:
        """Switch a webhook endpoint on or off."""
        return cast("types.EndpointOut", self._send(Call("webhook_endpoints_switch", path={"public_id": public_id}, body=body)))


class WebsiteOperations:
    """Website."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def website_events(self, body: types.EventsInRequest, *, site: str | None = None) -> types.TakenOut:
        """Send events of a website."""
        return cast("types.TakenOut", self._send(Call("website_events", query={"site": site}, body=body)))

    def website_funnels(self, *, cursor: str | None = None, is_active: bool | None = None, ordering: str | None = None, page_size: int | None = None) -> types.PaginatedFunnelOutList:
        """List funnels."""
        return cast("types.PaginatedFunnelOutList", self._send(Call("website_funnels", query={"cursor": cursor, "is_active": is_active, "ordering": ordering, "page_size": page_size})))

    def website_funnels_create(self, body: types.FunnelInRequest, *, idempotency_key: str | None = None) -> types.FunnelOut:
        """Define a funnel."""
        return cast("types.FunnelOut", self._send(Call("website_funnels_create", body=body, idempotency_key=idempotency_key)))

    def website_funnel_analytics(self, public_id: str, *, by: Literal["source", "device", "customer_type", "variant"] | None = None, customer_type: str | None = None, device: str | None = None, from_: str | None = None, source: str | None = None, to: str | None = None, variant: str | None = None) -> types.AnalyticsOut:
        """Show how far people get through a funnel."""
        return cast("types.AnalyticsOut", self._send(Call("website_funnel_analytics", path={"public_id": public_id}, query={"by": by, "customer_type": customer_type, "device": device, "from": from_, "source": source, "to": to, "variant": variant})))

    def website_recommendations(self, *, cursor: str | None = None, funnel: str | None = None, kind: Literal["landing_bounce", "segment_gap", "slow_step", "worst_step"] | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["accepted", "implemented", "pending", "rejected"] | None = None) -> types.PaginatedWebsiteAdviceOutList:
        """List recommendations for websites."""
        return cast("types.PaginatedWebsiteAdviceOutList", self._send(Call("website_recommendations", query={"cursor": cursor, "funnel": funnel, "kind": kind, "ordering": ordering, "page_size": page_size, "status": status})))

    def website_session(self, public_id: str) -> types.SessionWithPagesOut:
        """Show what was seen and done in a session."""
        return cast("types.SessionWithPagesOut", self._send(Call("website_session", path={"public_id": public_id})))

    def website_track(self, body: types.EventInRequest, *, site: str | None = None) -> types.TakenOut:
        """Send one event of a website."""
        return cast("types.TakenOut", self._send(Call("website_track", query={"site": site}, body=body)))

    def website_visitor(self, public_id: str) -> types.VisitorWithSessionsOut:
        """Show a visitor with his newest sessions."""
        return cast("types.VisitorWithSessionsOut", self._send(Call("website_visitor", path={"public_id": public_id})))


class WebsiteChatOperations:
    """Website chat."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def chat_form(self, site_key: str, body: types.ChatFormInRequest) -> types.ChatFormOut:
        """Send a contact form."""
        return cast("types.ChatFormOut", self._send(Call("chat_form", path={"site_key": site_key}, body=body)))

    def chat_messages(self, site_key: str, *, after: str | None = None) -> types.ChatNewsOut:
        """Read a chat."""
        return cast("types.ChatNewsOut", self._send(Call("chat_messages", path={"site_key": site_key}, query={"after": after})))

    def chat_say(self, site_key: str, body: types.ChatMessageInRequest) -> types.ChatTakenOut:
        """Write in a chat."""
        return cast("types.ChatTakenOut", self._send(Call("chat_say", path={"site_key": site_key}, body=body)))


class WinnersOperations:
    """Winners."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def winners_add(self, body: types.AddWinnerInRequest, *, idempotency_key: str | None = None) -> types.AddWinnerOut:
        """Add a winning ad."""
        return cast("types.AddWinnerOut", self._send(Call("winners_add", body=body, idempotency_key=idempotency_key)))

    def winners_find_similar(self, *, body: types.FindSimilarInRequest | None = None, idempotency_key: str | None = None) -> types.FindSimilarOut:
        """Find winners like a text or a vector."""
        return cast("types.FindSimilarOut", self._send(Call("winners_find_similar", body=body, idempotency_key=idempotency_key)))

    def winners_stats(self) -> types.WinnerStatsOut:
        """Count the winners."""
        return cast("types.WinnerStatsOut", self._send(Call("winners_stats")))


class WorkspaceOperations:
    """Workspace."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def connections_list(self, *, cursor: str | None = None, kind: str | None = None, ordering: str | None = None, page_size: int | None = None, status: Literal["active", "needs_login", "paused", "stopped"] | None = None) -> types.PaginatedConnectionOutList:
        """List connections."""
        return cast("types.PaginatedConnectionOutList", self._send(Call("connections_list", query={"cursor": cursor, "kind": kind, "ordering": ordering, "page_size": page_size, "status": status})))

    def connections_create(self, body: types.ConnectionInRequest, *, idempotency_key: str | None = None) -> types.ConnectionOut:
        """Connect an outside system."""
        return cast("types.ConnectionOut", self._send(Call("connections_create", body=body, idempotency_key=idempotency_key)))

    def connections_read(self, public_id: str) -> types.ConnectionOut:
        """Look at a connection."""
        return cast("types.ConnectionOut", self._send(Call("connections_read", path={"public_id": public_id})))

    def connections_pause(self, public_id: str, *, idempotency_key: str | None = None) -> types.ConnectionOut:
        """Pause a connection."""
        return cast("types.ConnectionOut", self._send(Call("connections_pause", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def connections_resume(self, public_id: str, *, idempotency_key: str | None = None) -> types.ConnectionOut:
        """Resume a connection."""
        return cast("types.ConnectionOut", self._send(Call("connections_resume", path={"public_id": public_id}, idempotency_key=idempotency_key)))

    def connections_test(self, public_id: str) -> types.ConnectionTestOut:
        """Try a connection."""
        return cast("types.ConnectionTestOut", self._send(Call("connections_test", path={"public_id": public_id})))

    def search(self, *, q: str | None = None) -> types.SearchOut:
        """Search everything."""
        return cast("types.SearchOut", self._send(Call("search", query={"q": q})))

    def whoami(self) -> types.WhoAmIOut:
        """Who am I?."""
        return cast("types.WhoAmIOut", self._send(Call("whoami")))


class Topics:
    """All topics."""

    def __init__(self, send: Send) -> None:
        self.ad_changes = AdChangesOperations(send)
        self.agents = AgentsOperations(send)
        self.alerts = AlertsOperations(send)
        self.apps = AppsOperations(send)
        self.attribution = AttributionOperations(send)
        self.campaigns = CampaignsOperations(send)
        self.contacts = ContactsOperations(send)
        self.experiments = ExperimentsOperations(send)
        self.gate = GateOperations(send)
        self.inbox = InboxOperations(send)
        self.insight = InsightOperations(send)
        self.jobs = JobsOperations(send)
        self.ml_dashboards_and_sync = MlDashboardsAndSyncOperations(send)
        self.machine_learning = MachineLearningOperations(send)
        self.models = ModelsOperations(send)
        self.outreach = OutreachOperations(send)
        self.recommendations = RecommendationsOperations(send)
        self.reports = ReportsOperations(send)
        self.safety_policy = SafetyPolicyOperations(send)
        self.scenarios = ScenariosOperations(send)
        self.signals = SignalsOperations(send)
        self.social = SocialOperations(send)
        self.synthetic_revenue = SyntheticRevenueOperations(send)
        self.webhooks_out = WebhooksOutOperations(send)
        self.website = WebsiteOperations(send)
        self.website_chat = WebsiteChatOperations(send)
        self.winners = WinnersOperations(send)
        self.workspace = WorkspaceOperations(send)
