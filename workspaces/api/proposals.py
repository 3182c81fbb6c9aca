"""The gate over REST: propose, look, sign, reject, undo. Every view calls one service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces import scopes
from workspaces.api import examples
from workspaces.api import proposal_serializers as forms
from workspaces.api.filters import Filters, MomentFilter
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView
from workspaces.models import ExecutionAttempt, Proposal, Risk, Signature, Status
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.search import narrow
from workspaces.selectors_undo import undoable_ids
from workspaces.services import proposing, reverting, signing
from workspaces.services.signing import BulkResult

TAG = ["Gate"]


class ProposalFilter(Filters):
    """Filters of the list."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices, distinct=False)
    risk = django_filters.MultipleChoiceFilter(choices=Risk.choices, distinct=False)
    kind = django_filters.CharFilter()
    proposer = django_filters.CharFilter(field_name="proposer_key")
    bundle_id = django_filters.UUIDFilter()
    search = django_filters.CharFilter(
        method="by_words", label="Beginnings of words of subject, summary, proposer or platform id"
    )
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")

    def by_words(self, rows: QuerySet[Proposal], _name: str, text: str) -> QuerySet[Proposal]:
        """Narrow to what the queue page's search would find."""
        return narrow(rows, PROPOSAL_WORDS, text)


class ProposalView(RowsView[Proposal]):
    """Base: proposals of the caller's workspace."""

    queryset = Proposal.objects.none()
    serializer_class = forms.ProposalOut

    def rows(self) -> QuerySet[Proposal]:
        """Return proposals with what their JSON shows."""
        return Proposal.objects.filter(workspace=self.workspace).select_related(
            "workspace", "current_plan__edited_by", "decided_by",
            "reverts", "continues", "superseded_by",
        )  # fmt: skip

    def shown(self, proposal: Proposal, code: int = status.HTTP_200_OK) -> Response:
        """Answer with a proposal as it stands now."""
        return Response(forms.ProposalOut(self.one(proposal.public_id)).data, status=code)


class ProposalList(ProposalView):
    """All proposals, and new ones."""

    scopes = {"GET": scopes.CHANGES_READ, "POST": scopes.CHANGES_PROPOSE}
    filterset_class = ProposalFilter
    keys_first = True
    ordering_fields = ("created_at", "risk_order")

    @extend_schema(tags=TAG, operation_id="proposals_list", summary="List proposals")
    def get(self, request: Request) -> Response:
        """Proposals of the workspace, newest first."""

        def shown(page: list[Proposal]) -> Any:
            context = {"undoable": undoable_ids(page)}
            return self.get_serializer(page, many=True, context=context).data

        return self.page_of(self.filter_queryset(self.get_queryset()), shown=shown)

    @extend_schema(
        tags=TAG,
        operation_id="proposals_create",
        summary="Propose a change",
        request=forms.ProposalIn,
        responses={202: forms.ProposalOut},
        examples=[examples.PROPOSAL],
    )
    @once
    def post(self, request: Request) -> Response:
        """Propose an action; nothing happens before people, or the policy, sign its plan."""
        body = self.read(forms.ProposalIn)
        proposal = proposing.propose(
            workspace=self.workspace, proposer=self.caller.proposer, now=self.now, **body
        )
        return self.shown(proposal, status.HTTP_202_ACCEPTED)


class ProposalDetail(ProposalView):
    """One proposal."""

    scopes = {"GET": scopes.CHANGES_READ, "PATCH": scopes.CHANGES_PROPOSE}
    people_only = frozenset({"PATCH"})

    @extend_schema(
        tags=TAG,
        operation_id="proposals_read",
        summary="Look at a proposal",
        responses=forms.ProposalDetailOut,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """One proposal with evidence, signatures and tries."""
        proposal: Any = self.one(public_id)
        of_it = {"plan__proposal": proposal}
        proposal.signatures = Signature.objects.filter(**of_it).select_related("person", "plan")
        proposal.tries = ExecutionAttempt.objects.filter(**of_it).select_related("plan")
        proposal.signatures = proposal.signatures.order_by("at", "pk")
        proposal.tries = proposal.tries.order_by("started_at", "pk")
        return Response(forms.ProposalDetailOut(proposal).data)

    @extend_schema(
        tags=TAG,
        operation_id="proposals_edit",
        summary="Ask for another value",
        request=forms.EditIn,
        responses=forms.ProposalOut,
        examples=[examples.EDIT],
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Make a new plan, which nobody has signed yet; the editor becomes co-author."""
        body = self.read(forms.EditIn)
        proposal = proposing.edit(
            proposal_id=self.one(public_id).pk,
            changes=body["request"],
            by=self.caller.person,
            now=self.now,
            why=body["why"],
        )
        return self.shown(proposal)


def _action(
    name: str,
    summary: str,
    scope: str,
    form: type[serializers.Serializer[Any]],
    call: Callable[..., Proposal],
    *,
    code: int = status.HTTP_200_OK,
    rename: dict[str, str] | None = None,
) -> type[ProposalView]:
    """View of one decision: ``POST proposals/{id}/<name>/`` calls one service."""

    class Action(ProposalView):
        scopes = {"POST": scope}
        people_only = frozenset({"POST"})

        @extend_schema(
            tags=TAG,
            operation_id=f"proposals_{name}",
            summary=summary,
            request=form,
            responses={code: forms.ProposalOut},
            examples=examples.ACTIONS.get(name, []),
        )
        @once
        def post(self, request: Request, public_id: UUID) -> Response:
            body = {(rename or {}).get(key, key): value for key, value in self.read(form).items()}
            proposal = self.one(public_id)
            by = self.caller.person
            return self.shown(call(proposal_id=proposal.pk, by=by, now=self.now, **body), code)

    Action.__name__ = f"Proposal{name.title()}"
    Action.__doc__ = summary
    return Action


ACTIONS = {
    "sign": _action(
        "sign", "Sign a plan", scopes.CHANGES_SIGN, forms.SignIn, signing.sign
    ),
    "reject": _action(
        "reject", "Reject a plan", scopes.CHANGES_SIGN, forms.RejectIn, signing.reject
    ),
    "withdraw": _action(
        "withdraw", "Withdraw one's signature", scopes.CHANGES_SIGN, forms.NothingIn,
        signing.withdraw,
    ),
    "cancel": _action(
        "cancel", "Cancel a proposal", scopes.CHANGES_PROPOSE, forms.WhyIn, signing.cancel
    ),
    "snooze": _action(
        "snooze", "Hide a proposal for a while", scopes.CHANGES_PROPOSE, forms.SnoozeIn,
        signing.snooze,
    ),
    "revert": _action(
        "revert", "Propose to undo an executed change", scopes.CHANGES_PROPOSE, forms.WhyIn,
        reverting.revert, code=status.HTTP_202_ACCEPTED, rename={"why": "reason"},
    ),
}  # fmt: skip


class BulkView(ProposalView):
    """Base: one call for many, all in one transaction; what is refused is listed with why."""

    def find(self, ids: Iterable[UUID]) -> dict[UUID, int]:
        """Our ids of those public ids that exist in the workspace."""
        rows = Proposal.objects.filter(workspace=self.workspace, public_id__in=list(ids))
        return dict(rows.values_list("public_id", "pk"))

    def result(self, ids: Sequence[UUID], known: dict[UUID, int], did: BulkResult) -> Response:
        """Answer with what was done and what was not."""
        done = [proposal.pk for proposal in did.done]
        public = {pk: public_id for public_id, pk in known.items()}
        refused = [{"id": public[pk], "why": why} for pk, why in did.refused]
        refused += [
            {"id": public_id, "why": "There is no such proposal in this workspace."}
            for public_id in dict.fromkeys(ids)
            if public_id not in known
        ]
        rows = self.rows().filter(pk__in=done).order_by("pk")
        return Response(forms.BulkOut({"done": rows, "refused": refused}).data)


class BulkSign(BulkView):
    """Many signatures."""

    scopes = {"POST": scopes.CHANGES_SIGN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="proposals_bulk_sign",
        summary="Sign many plans",
        request=forms.BulkSignIn,
        responses=forms.BulkOut,
    )
    @once
    def post(self, request: Request) -> Response:
        """Sign each plan by the hash that was seen."""
        body = self.read(forms.BulkSignIn)
        ids, known, pairs = _pairs(self, body["items"])
        by = self.caller.person
        did = signing.bulk_sign(pairs=pairs, by=by, now=self.now, why=body["why"])
        return self.result(ids, known, did)


class BulkReject(BulkView):
    """Many refusals."""

    scopes = {"POST": scopes.CHANGES_SIGN}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="proposals_bulk_reject",
        summary="Reject many plans",
        request=forms.BulkRejectIn,
        responses=forms.BulkOut,
    )
    @once
    def post(self, request: Request) -> Response:
        """Reject each plan by the hash that was seen."""
        body = self.read(forms.BulkRejectIn)
        ids, known, pairs = _pairs(self, body["items"])
        by = self.caller.person
        did = signing.bulk_reject(pairs=pairs, by=by, now=self.now, why=body["why"])
        return self.result(ids, known, did)


def _pairs(
    view: BulkView, items: list[dict[str, Any]]
) -> tuple[list[UUID], dict[UUID, int], list[tuple[int, str]]]:
    ids = [item["id"] for item in items]
    known = view.find(ids)
    pairs = [(known[i["id"]], i["plan_sha256"]) for i in items if i["id"] in known]
    return ids, known, pairs


class BulkRevert(BulkView):
    """Many undos, as one bundle of proposals."""

    scopes = {"POST": scopes.CHANGES_PROPOSE}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG,
        operation_id="proposals_bulk_revert",
        summary="Propose to undo many executed changes",
        request=forms.BulkRevertIn,
        responses={202: forms.BulkOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Propose the inverse of each; all of them need signatures again."""
        body = self.read(forms.BulkRevertIn)
        known = self.find(body["ids"])
        did = reverting.bulk_revert(
            proposal_ids=list(known.values()),
            by=self.caller.person,
            now=self.now,
            reason=body["why"],
        )
        answer = self.result(body["ids"], known, did)
        answer.status_code = status.HTTP_202_ACCEPTED
        return answer
