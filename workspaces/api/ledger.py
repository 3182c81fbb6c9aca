"""The ledger over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces import scopes
from workspaces.api import ledger_serializers as forms
from workspaces.api.views import ApiView, RowsView
from workspaces.gate import RequestError
from workspaces.ledger import known_metrics
from workspaces.models import Proposal
from workspaces.selectors_explain import explain
from workspaces.selectors_ledger import LedgerFilter, ledger_rows, shown_rows

TAG = ["Gate"]
_FACETS = ("account",)
_SCOPES = ("campaign", "channel")


def filter_of(asked: dict[str, Any]) -> LedgerFilter:
    """What a checked address narrows the ledger to."""
    plain = ("kind", "proposer", "signer", "search", "outcome", "effect")
    return LedgerFilter(
        **{name: asked[name] for name in plain if name in asked},
        since=asked.get("from"),
        until=asked.get("to"),
        facets=tuple((name, str(asked[name])) for name in _FACETS if name in asked),
        scoped=tuple((name, str(asked[name])) for name in _SCOPES if name in asked),
    )


class Ledger(RowsView[Proposal]):
    """What was carried out."""

    scopes = {"GET": scopes.CHANGES_READ}
    queryset = Proposal.objects.none()
    serializer_class = forms.LedgerRowOut
    filter_backends = []

    def rows(self) -> QuerySet[Proposal]:
        """All that fit what the address asks."""
        return ledger_rows(self.workspace, filter_of(self.read_query(forms.LedgerQuery)))

    @extend_schema(
        tags=TAG, operation_id="ledger_list", summary="List what was carried out",
        parameters=[forms.LedgerQuery],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Changes of every kind, the newest first; what failed only where it is asked for."""
        filters = filter_of(self.read_query(forms.LedgerQuery))

        def shown(page: list[Proposal]) -> Any:
            rows = shown_rows([row.pk for row in page], self.workspace, filters)
            return forms.LedgerRowOut(rows, many=True).data

        rows = self.get_queryset().only("pk", filters.at_field)
        return self.page_of(rows, by=filters.order, shown=shown)


class LedgerExplain(ApiView):
    """What may have changed a figure."""

    scopes = {"GET": scopes.CHANGES_READ}

    @extend_schema(
        tags=TAG, operation_id="ledger_explain", summary="Rank what may have changed a figure",
        parameters=[forms.ExplainQuery], responses=forms.ExplanationOut,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Changes, tests and failed syncs before a change of level; a ranking, no proof."""
        asked = self.read_query(forms.ExplainQuery)
        scoped = {name: str(asked[name]) for name in _SCOPES if name in asked}
        found = explain(
            workspace=self.workspace, name=asked["metric"], day=asked["day"], scoped=scoped,
            now=self.now,
        )  # fmt: skip
        if found is None:
            known = ", ".join(name for name, _ in known_metrics())
            raise RequestError("metric", f"There is no such figure; known: {known}.")
        return Response(forms.ExplanationOut(found).data)
