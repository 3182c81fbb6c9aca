"""Ad accounts and what lives in them: read by anyone with insight, entered where unconnected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import django_filters
from django.db.models import BigIntegerField, ExpressionWrapper, F, Model, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api import entity_serializers as forms
from campaigns.api.queries import AnyIdFilter, PeriodQuery, period_of
from campaigns.models import (
    Ad,
    AdAccount,
    AdSet,
    Campaign,
    Creative,
    CreativeFormat,
    DeliveryStatus,
    LifeState,
    Platform,
)
from campaigns.selectors.lookup import (
    AmbiguousIdError,
    by_any_id,
    find_account,
    find_entity,
)
from campaigns.selectors.performance import campaign_figures
from campaigns.services import entities
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Campaigns"]
_SHOWN = 5
Row = TypeVar("Row", bound=Model)
List = TypeVar("List", bound="EntityList[Any]")


class EntityFilter(Filters):
    """What all entities are filtered by; ids are ours or the platform's."""

    status = django_filters.MultipleChoiceFilter(choices=DeliveryStatus.choices, distinct=False)
    ad_account = AnyIdFilter("account__")
    external_id = django_filters.CharFilter()
    name = django_filters.CharFilter(lookup_expr="icontains")


class EntityView(RowsView[Row]):
    """Base: rows of one model in the workspace."""

    model: type[Any]
    related: ClassVar[tuple[str, ...]] = ("account",)
    ordering_fields: ClassVar[tuple[str, ...]] = ("created_at", "name")

    def rows(self) -> QuerySet[Row]:
        """Return the workspace's rows with what their JSON names."""
        rows: QuerySet[Row] = self.model._default_manager.filter(workspace=self.workspace)
        return rows.select_related(*self.related)

    def by_id(self, given: str) -> Row:
        """One row by our id or the platform's; several are refused by name."""
        found = list(by_any_id(self.get_queryset(), given).order_by("pk")[:_SHOWN])
        if not found:
            raise Http404
        if len(found) > 1:
            accounts: list[Any] = [getattr(row, "account", row) for row in found]
            raise AmbiguousIdError("id", given, accounts)
        return found[0]


class EntityList(EntityView[Row]):
    """Base of the lists: filtered pages, and rows entered where no platform is connected."""

    scopes = {"GET": scopes.INSIGHT_READ, "POST": scopes.INSIGHT_WRITE}
    form: ClassVar[type[Body]]

    def get(self, request: Request) -> Response:
        """Answer with a page."""
        return self.page()

    @once
    def post(self, request: Request) -> Response:
        """Answer with what was made."""
        row = self.make(self.read(self.form))
        shown = self.get_serializer(self.one(row.public_id))  # type: ignore[attr-defined]  # all have one
        return Response(shown.data, status=status.HTTP_201_CREATED)

    def make(self, body: dict[str, Any]) -> Row:
        """Enter a row."""
        raise NotImplementedError


def about(
    name: str, label: str, *, listed: str, entered: str = "", summary: str = "", **listing: Any
) -> Callable[[type[List]], type[List]]:
    """Tell the schema what a list is about; ``label`` names one row with its article."""
    plural = f"{label.partition(' ')[2]}s"

    def tell(view: type[List]) -> type[List]:
        lists = extend_schema(
            tags=TAG,
            operation_id=f"{name}_list",
            summary=summary or f"List {plural}",
            **listing,
        )
        creates = extend_schema(
            tags=TAG,
            operation_id=f"{name}_create",
            summary=f"Enter {label}",
            request=view.form,
            responses={201: view.serializer_class},
        )
        told = extend_schema_view(get=lists, post=creates)(view)
        # The schema takes descriptions from here, and adds the scope to them.
        told.get.__doc__ = listed
        told.post.__doc__ = entered or f"Enter {label} of an account without a connection."
        return told

    return tell


class AccountFilter(Filters):
    """Filters of accounts."""

    platform = django_filters.ChoiceFilter(choices=Platform.choices)
    status = django_filters.MultipleChoiceFilter(choices=DeliveryStatus.choices, distinct=False)
    external_id = django_filters.CharFilter()


@about(
    "ad_accounts",
    "an ad account",
    listed="Accounts on all platforms.",
    entered="Enter an account without a connection.",
)
class AccountList(EntityList[AdAccount]):
    """Ad accounts."""

    model = AdAccount
    queryset = AdAccount.objects.none()
    serializer_class = forms.AccountOut
    form = forms.AccountIn
    filterset_class = AccountFilter
    related = ("connection",)

    def make(self, body: dict[str, Any]) -> AdAccount:
        """Enter it."""
        return entities.create_account(workspace=self.workspace, now=self.now, **body)


class CampaignFilter(EntityFilter):
    """Filters of campaigns."""

    channel = django_filters.CharFilter()
    life_state = django_filters.MultipleChoiceFilter(choices=LifeState.choices, distinct=False)


@about(
    "campaigns",
    "a campaign",
    listed="Campaigns with figures over a period, by default the last 28 days.",
    summary="List campaigns with their figures",
    parameters=[PeriodQuery],
    responses=forms.CampaignRowOut(many=True),
)
class CampaignList(EntityList[Campaign]):
    """Campaigns."""

    model = Campaign
    queryset = Campaign.objects.none()
    serializer_class = forms.CampaignOut
    form = forms.CampaignIn
    filterset_class = CampaignFilter

    def get(self, request: Request) -> Response:
        """Answer with a page and its figures."""
        period = period_of(self)
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        known = campaign_figures(page, workspace=self.workspace, period=period)
        dates = {"date_from": period.since, "date_to": period.until}
        rows = [
            {
                **forms.CampaignOut(campaign).data,
                **forms.FiguresOut(known[campaign.pk]).data,
                **dates,
            }
            for campaign in page
        ]
        return self.get_paginated_response(rows)

    def make(self, body: dict[str, Any]) -> Campaign:
        """Enter it."""
        account = find_account(workspace=self.workspace, given=body.pop("ad_account"))
        return entities.create_campaign(account=account, **body)


class ChildFilter(EntityFilter):
    """Filters of what stands in a campaign."""

    campaign = AnyIdFilter("campaign__")


@about("ad_sets", "an ad set", listed="Ad sets (Google: ad groups).")
class AdSetList(EntityList[AdSet]):
    """Ad sets."""

    model = AdSet
    queryset = AdSet.objects.none()
    serializer_class = forms.AdSetOut
    form = forms.AdSetIn
    filterset_class = ChildFilter
    related = ("account", "campaign")

    def make(self, body: dict[str, Any]) -> AdSet:
        """Enter it."""
        campaign = find_entity(
            Campaign, workspace=self.workspace, given=body.pop("campaign"), field="campaign"
        )
        return entities.create_ad_set(campaign=campaign, **body)


class AdFilter(ChildFilter):
    """Filters of ads."""

    ad_set = AnyIdFilter("ad_set__")


@about("ads", "an ad", listed="Ads with their campaign, ad set and creative.")
class AdList(EntityList[Ad]):
    """Ads."""

    model = Ad
    queryset = Ad.objects.none()
    serializer_class = forms.AdOut
    form = forms.AdIn
    filterset_class = AdFilter
    related = ("account", "campaign", "ad_set", "creative")

    def make(self, body: dict[str, Any]) -> Ad:
        """Enter it."""
        ad_set = find_entity(
            AdSet, workspace=self.workspace, given=body.pop("ad_set"), field="ad_set"
        )
        if (given := body.pop("creative")) is not None:
            body["creative"] = find_entity(
                Creative,
                workspace=self.workspace,
                given=given,
                field="creative",
                account=ad_set.account,
            )
        return entities.create_ad(ad_set=ad_set, **body)


class CreativeFilter(Filters):
    """Filters of creatives."""

    ad_account = AnyIdFilter("account__")
    format = django_filters.ChoiceFilter(field_name="format", choices=CreativeFormat.choices)


class CreativeOrdering(OrderingFilter):
    """Orders by score too, creatives without one last when the best come first."""

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> Sequence[str] | None:
        """Replace the score by a key that is never null and never the same twice."""
        chosen = super().get_ordering(request, queryset, view)
        return chosen and [name.replace("performance_score", "score_key") for name in chosen]


@about("creatives", "a creative", listed="What people see.")
class CreativeList(EntityList[Creative]):
    """Creatives."""

    model = Creative
    queryset = Creative.objects.none()
    serializer_class = forms.CreativeOut
    form = forms.CreativeIn
    filterset_class = CreativeFilter
    filter_backends = [DjangoFilterBackend, CreativeOrdering]
    ordering_fields = ("created_at", "performance_score")

    def rows(self) -> QuerySet[Creative]:
        """Return creatives with the key of their score: pages go on where a key ended."""
        key = Coalesce(F("performance_score"), -1) * Value(10**12) + F("pk")
        return super().rows().annotate(score_key=ExpressionWrapper(key, BigIntegerField()))

    def make(self, body: dict[str, Any]) -> Creative:
        """Enter it."""
        account = find_account(workspace=self.workspace, given=body.pop("ad_account"))
        return entities.create_creative(account=account, **body)


def detail_view(parent: type[EntityView[Any]], name: str, label: str) -> type[EntityView[Any]]:
    """View of one row, by our id or the platform's."""

    class Detail(EntityView[Any]):
        scopes = {"GET": scopes.INSIGHT_READ}
        model = parent.model
        queryset = parent.queryset
        serializer_class = parent.serializer_class
        related = parent.related

        @extend_schema(tags=TAG, operation_id=f"{name}_read", summary=f"Look at one {label}")
        def get(self, request: Request, given: str) -> Response:
            return Response(self.get_serializer(self.by_id(given)).data)

    Detail.__name__ = f"{parent.__name__}Detail"
    Detail.__doc__ = f"One {label}, by our id or the platform's."
    return Detail


LISTS: dict[str, tuple[type[EntityView[Any]], str]] = {
    "ad-accounts": (AccountList, "ad account"),
    "campaigns": (CampaignList, "campaign"),
    "ad-sets": (AdSetList, "ad set"),
    "ads": (AdList, "ad"),
    "creatives": (CreativeList, "creative"),
}
