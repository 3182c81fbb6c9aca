"""What every view of the API shares: caller, zone, one tenant, checked bodies, rate headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.filters import OrderingFilter
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workspaces.api.caller import Caller
from workspaces.api.parsers import StrictJSONParser
from workspaces.api.throttling import Window
from workspaces.models import Workspace

Row = TypeVar("Row", bound=Model)


class _ByHeader(DefaultContentNegotiation):
    """The Accept header alone says in which form; ``format`` is a filter of ours."""

    settings = cast(Any, SimpleNamespace(URL_FORMAT_OVERRIDE=""))  # all that it is asked


class ApiView(APIView):
    """Base of all views. ``scopes`` maps each method to the scope that it needs."""

    scopes: ClassVar[Mapping[str, str]] = {}
    #: Methods that act outside at once, or vouch for what a person said.
    not_for_agents: ClassVar[frozenset[str]] = frozenset()
    #: Methods that only agents call.
    agents_only: ClassVar[frozenset[str]] = frozenset()
    #: Methods that a person answers for: a session, or a key that is bound to one.
    people_only: ClassVar[frozenset[str]] = frozenset()
    throttle_group: str = ""  # empty: read or write, by method
    parser_classes = [StrictJSONParser]
    metadata_class = None
    content_negotiation_class: type[BaseContentNegotiation] = _ByHeader
    rate_window: Window | None = None

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return cast(Caller, self.request.auth)

    @property
    def workspace(self) -> Workspace:
        """The workspace of the key or of the session; nothing in a request can name another."""
        return self.caller.workspace

    @property
    def now(self) -> datetime:
        """The moment of the call."""
        return timezone.now()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; the zone that ``initial`` activates ends with the call."""
        with timezone.override(None):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may, in the zone of his workspace."""
        super().initial(request, *args, **kwargs)
        if not isinstance(request.auth, Caller):
            return
        timezone.activate(request.auth.workspace.zone)
        if request.method in {"POST", "PUT", "PATCH"} & set(self.allowed_methods):
            _refuse_other_tenant(request.data, request.auth.workspace)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the rate headers; answers belong to one caller and are kept by nobody."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.rate_window is not None:
            for name, value in self.rate_window.headers.items():
                answer[name] = value
        answer.setdefault("Cache-Control", "private, no-store")
        return answer

    def read(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the checked body."""
        checked = serializer(data=self.request.data, context={"workspace": self.workspace})
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def read_query(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the checked query of the address."""
        checked = serializer(data=self.request.query_params)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)


def _refuse_other_tenant(body: Any, workspace: Workspace) -> None:
    if not (isinstance(body, Mapping) and "tenant_id" in body):
        return
    if str(body["tenant_id"]) not in {workspace.slug, str(workspace.public_id)}:
        raise PermissionDenied(
            f"This key or session belongs to {workspace.slug!r}, but the body names another"
            " tenant_id."
        )


class RowsView(ApiView, generics.GenericAPIView[Row], Generic[Row]):
    """Rows of the caller's workspace: pages of them, or one by its public id."""

    filter_backends = [DjangoFilterBackend, OrderingFilter]
    ordering_fields: ClassVar[tuple[str, ...]] = ()
    #: Rows are wide, and an index holds what they are filtered and ordered by: their keys are read
    #: from it alone. For whole rows the planner would walk through the table.
    keys_first: ClassVar[bool] = False

    def rows(self) -> QuerySet[Row]:
        """Rows that the caller may see."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Row]:
        """Rows, or none while the schema is drawn."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return self.rows()

    def page(self) -> Response:
        """Answer with one page of the filtered rows."""
        return self.page_of(self.filter_queryset(self.get_queryset()))

    def page_of(
        self,
        rows: QuerySet[Any],
        *,
        by: tuple[str, ...] = (),
        shown: Callable[[list[Any]], Any] | None = None,
    ) -> Response:
        """Answer with one page of these rows.

        ``by`` orders them, and no two may be equal in it; without it the view's order holds.
        ``shown`` makes the answer from all rows of the page; without it the serializer does.
        """
        if by:
            self.paginator.ordering = by  # type: ignore[union-attr]  # ours, always there
        page = self._keys_first(rows) if self.keys_first else self.paginate_queryset(rows) or []
        answer = shown(page) if shown else self.get_serializer(page, many=True).data
        return self.get_paginated_response(answer)

    def _keys_first(self, rows: QuerySet[Any]) -> list[Any]:
        """Rows of a page, found by their keys."""
        keys = self.paginate_queryset(rows.select_related(None).only("pk")) or []
        found = rows.order_by().in_bulk([row.pk for row in keys])
        return [found[row.pk] for row in keys if row.pk in found]

    def one(self, public_id: object) -> Row:
        """One row of the workspace, 404 for anything else."""
        return generics.get_object_or_404(self.get_queryset(), public_id=public_id)
