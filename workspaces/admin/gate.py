"""Proposals and what hangs on them: history to read, and one door to sign at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from workspaces.formats import money
from workspaces.gate import handlers
from workspaces.listing import JoinedPaginator
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    column,
    fields_of,
    member,
    own,
)
from workspaces.models import ExecutionAttempt, KillSwitchEvent, Plan, Proposal, Signature, Status
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.panels import diff_of
from workspaces.roles import Role
from workspaces.search import narrow
from workspaces.selectors_rows import kind_labels
from workspaces.services import signing

STATUS_COLOURS = {
    "pending": "info",
    "approved": "primary",
    "executing": "warning",
    "executed": "success",
    "failed": "danger",
}
RISK_COLOURS = {"low": "success", "medium": "warning", "high": "danger"}


class PlanInline(ReadOnlyInline[Plan, Proposal]):
    """Versions of the plan."""

    model = Plan
    fk_name = "proposal"
    fields = readonly_fields = (
        "version",
        "sha256",
        "policy_version",
        "risk",
        "rank_required",
        "signatures_required",
        "is_blocked",
        "why",
        "created_at",
    )
    ordering = ("-version",)


def _kinds() -> dict[str, str]:
    """All kinds with their names for people."""
    return {**{handler.kind: handler.label for handler in handlers()}, **kind_labels()}


class KindFilter(admin.SimpleListFilter):
    """Kinds by what is registered: to ask the table for them would read all of it."""

    title = "kind"
    parameter_name = "kind"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Kinds with their names for people."""
        return sorted(_kinds().items(), key=lambda kind: kind[1])

    def queryset(self, request: HttpRequest, rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
        """Proposals of the kind."""
        return rows.filter(kind=self.value()) if self.value() else rows


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin[Proposal]):
    """Every proposal with its plans; the queue page is where people work."""

    list_display = (
        "summary",
        "kind_label",
        "status_label",
        "risk_label",
        "at_stake",
        "proposer_label",
        "created_at",
        "expires_at",
    )
    list_filter = ("status", "risk", KindFilter, "proposer_type")
    search_fields = ("subject_label", "summary", "subject_key", "proposer_label")
    search_help_text = "Beginnings of words of subject, summary, proposer or platform id"
    ordering = ("-pk",)
    list_select_related = ("workspace",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Proposal], search_term: str
    ) -> tuple[QuerySet[Proposal], bool]:
        """Search as on the queue page, by the index of words."""
        return narrow(queryset, PROPOSAL_WORDS, search_term), False

    @column("At stake", ordering="money_at_stake")
    def at_stake(self, proposal: Proposal) -> str:
        """Money moved a day, of a send in all; in the workspace's currency."""
        if proposal.money_at_stake is None:
            return "not known"
        return money(proposal.money_at_stake, proposal.workspace.currency)

    actions = ("sign_selected", "reject_selected")
    readonly_fields = (*fields_of(Proposal, "id"), "open_in_queue")
    inlines = (PlanInline,)
    fieldsets = (
        (None, {"fields": ("open_in_queue", "summary", "kind", "subject_label", "reason", "status",
                           "risk", "money_at_stake", "waiting_for", "last_error")}),
        ("Who and when", {"classes": ("tab",), "fields": (
            "proposer_type", "proposer_label", "proposed_by", "created_at", "expires_at",
            "snoozed_until", "decided_by", "decided_at", "decision_reason", "execute_after",
            "executed_at", "measured_at")}),
        ("What came of it", {"classes": ("tab",), "fields": (
            "result", "realised", "attempts", "next_attempt_at", "reverts", "continues",
            "superseded_by")}),
        ("For machines", {"classes": ("tab",), "fields": (
            "public_id", "subject_key", "proposer_key", "idempotency_key", "request", "bundle_id",
            "current_plan", "lane", "claimed_by", "lease_until", "jitter_ms")}),
    )  # fmt: skip

    @admin.display(description="Kind", ordering="kind")
    def kind_label(self, row: Proposal) -> str:
        """Kind, as people call it."""
        return _kinds().get(row.kind, row.kind)

    @column(description="Status", ordering="status", label=STATUS_COLOURS)
    def status_label(self, row: Proposal) -> tuple[str, str]:
        """State, coloured."""
        return row.status, row.get_status_display()

    @column(description="Risk", ordering="risk_order", label=RISK_COLOURS)
    def risk_label(self, row: Proposal) -> tuple[str, str]:
        """Risk, coloured."""
        return row.risk, row.get_risk_display()

    @column(description="Queue")
    def open_in_queue(self, row: Proposal) -> str:
        """Link to the page where it is decided."""
        return format_html(
            '<a class="text-primary-600" href="{}">Open in the queue</a>',
            reverse("approvals-proposal", args=[row.public_id]),
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered; each plan says itself which rank it needs."""
        return self.allows(request, Role.AGENT)

    @admin.action(description="Sign selected proposals", permissions=["decide"])
    def sign_selected(self, request: HttpRequest, rows: QuerySet[Proposal]) -> HttpResponse | None:
        """Show what would be signed, then sign exactly that."""
        return self._decide(request, rows, verb="sign")

    @admin.action(description="Reject selected proposals", permissions=["decide"])
    def reject_selected(
        self, request: HttpRequest, rows: QuerySet[Proposal]
    ) -> HttpResponse | None:
        """Show what would be rejected and ask why."""
        return self._decide(request, rows, verb="reject")

    def _decide(
        self, request: HttpRequest, rows: QuerySet[Proposal], *, verb: str
    ) -> HttpResponse | None:
        why = request.POST.get("why", "").strip()
        is_confirmed = "confirm" in request.POST and (verb == "sign" or why)
        if not is_confirmed:
            return self._confirmation(request, rows, verb=verb)
        shown = _pairs(request.POST.getlist("plan"))
        mine = set(rows.values_list("pk", flat=True))
        pairs = [pair for pair in shown if pair[0] in mine]
        decide = signing.bulk_sign if verb == "sign" else signing.bulk_reject
        result = decide(pairs=pairs, by=member(request).user, now=timezone.now(), why=why)
        _tell(request, result, done="signed" if verb == "sign" else "rejected")
        return None

    def _confirmation(
        self, request: HttpRequest, rows: QuerySet[Proposal], *, verb: str
    ) -> HttpResponse:
        waiting = rows.filter(status=Status.PENDING).select_related("current_plan")
        chosen = [row for row in waiting.order_by("pk") if row.current_plan]
        return TemplateResponse(
            request,
            "admin/workspaces/proposal/decide.html",
            {
                **self.admin_site.each_context(request),
                "title": "Sign these proposals" if verb == "sign" else "Reject these proposals",
                "opts": self.opts,
                "verb": verb,
                "action": f"{verb}_selected",
                "checkbox": ACTION_CHECKBOX_NAME,
                "items": [_item(row) for row in chosen],
                "left_out": rows.count() - len(chosen),
                "why_is_missing": "confirm" in request.POST,
            },
        )


def _item(row: Proposal) -> dict[str, Any]:
    plan = row.current_plan
    return {
        "proposal": row,
        "plan": plan,
        "diff": diff_of(plan.content) if plan else None,
        "held": [
            check for check in (plan.verdict if plan else []) if check["verdict"] == "blocked"
        ],
    }


def _pairs(texts: Sequence[str]) -> list[tuple[int, str]]:
    pairs = []
    for text in texts:
        number, _, sha256 = text.partition(":")
        if number.isdecimal():
            pairs.append((int(number), sha256))
    return pairs


def _tell(request: HttpRequest, result: signing.BulkResult, *, done: str) -> None:
    if result.done:
        noun = "change" if len(result.done) == 1 else "changes"
        messages.success(request, f"{len(result.done)} {noun} {done}.")
    labels = dict(
        Proposal.objects.filter(pk__in=[pk for pk, _ in result.refused]).values_list(
            "pk", "summary"
        )
    )
    for pk, why in result.refused:
        messages.error(request, f"{labels.get(pk, pk)}: {why}")


class SignatureInline(ReadOnlyInline[Signature, Plan]):
    """Who signed this version."""

    model = Signature
    fields = readonly_fields = (
        "decision", "person", "policy_version", "rank_held", "why", "at", "withdrawn_at",
    )  # fmt: skip


class AttemptInline(ReadOnlyInline[ExecutionAttempt, Plan]):
    """Tries to carry this version out."""

    model = ExecutionAttempt
    fields = readonly_fields = (
        "number", "worker", "started_at", "call_sent_at", "settled_at", "outcome", "error",
    )  # fmt: skip


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin[Plan]):
    """What exactly was, or is, to be signed."""

    workspace_path = "proposal__workspace"
    list_display = ("proposal", "version", "sha256", "risk", "rank_required", "created_at")
    list_filter = ("risk", "is_blocked", "policy_may_sign")
    list_select_related = ("proposal",)
    search_fields = ("sha256", "proposal__summary")
    ordering = ("-pk",)
    readonly_fields = fields_of(Plan)
    inlines = (SignatureInline, AttemptInline)


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin[Signature]):
    """Who signed what, with which rank."""

    workspace_path = "plan__proposal__workspace"
    paginator = JoinedPaginator
    list_display = ("plan", "summary", "decision", "person", "policy_version", "at", "withdrawn_at")
    list_filter = ("decision", "rank_held", own("person"))
    list_select_related = ("plan__proposal", "person")
    search_fields = ("plan__sha256", "plan__proposal__summary", "person__email")
    ordering = ("-pk",)
    readonly_fields = fields_of(Signature)

    @column(description="Proposal")
    def summary(self, row: Signature) -> str:
        """What it was about."""
        return row.plan.proposal.summary


@admin.register(ExecutionAttempt)
class ExecutionAttemptAdmin(ReadOnlyAdmin[ExecutionAttempt]):
    """Tries, one row each; the platform's answer only while it is stored."""

    workspace_path = "plan__proposal__workspace"
    paginator = JoinedPaginator
    list_display = ("plan", "number", "outcome", "worker", "started_at", "call_sent_at",
                    "settled_at")  # fmt: skip
    list_filter = ("outcome", "error_kind")
    list_select_related = ("plan",)
    search_fields = ("request_id", "plan__proposal__summary")
    ordering = ("-pk",)
    readonly_fields = fields_of(ExecutionAttempt)


@admin.register(KillSwitchEvent)
class KillSwitchEventAdmin(ReadOnlyAdmin[KillSwitchEvent]):
    """The brake, pulled and released."""

    list_display = ("at", "is_on", "by_label", "reason")
    list_filter = ("is_on",)
    date_hierarchy = "at"
    search_fields = ("reason", "by_label")
    ordering = ("-pk",)
    readonly_fields = fields_of(KillSwitchEvent)
