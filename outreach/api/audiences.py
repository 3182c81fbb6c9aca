"""Audiences over REST: kept, counted, previewed before they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.people_serializers import (
    AudienceChangeIn,
    AudienceDetailOut,
    AudienceIn,
    AudienceOut,
    AudiencePreviewOut,
    RulesIn,
)
from outreach.engine.audience_rules import RulesError, parse
from outreach.models import Audience, AudienceKind, Contact
from outreach.selectors.audiences.reading import (
    in_words,
    people_of,
    preview_of,
    query_of,
)
from outreach.services.people.audiences import (
    add_everybody_of,
    add_members,
    archive_audience,
    change_audience,
    create_audience,
    remove_members,
)
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView, RowsView

TAG = ["Contacts"]


class AudienceFilter(Filters):
    """Filters of the list."""

    name = django_filters.CharFilter()
    kind = django_filters.ChoiceFilter(choices=AudienceKind.choices)
    is_archived = django_filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull",
                                               exclude=True)  # fmt: skip


class AudiencesView(RowsView[Audience]):
    """Base: audiences of the workspace."""

    queryset = Audience.objects.none()
    serializer_class = AudienceOut
    filterset_class = AudienceFilter

    def rows(self) -> QuerySet[Audience]:
        """All of them."""
        return Audience.objects.filter(workspace=self.workspace).select_related("workspace")

    def contacts(self, given: Sequence[UUID], field: str) -> list[Contact]:
        """Contacts of the workspace by their ids."""
        found = list(Contact.objects.filter(workspace=self.workspace, public_id__in=given))
        if missing := set(given) - {one.public_id for one in found}:
            raise ValidationError({field: f"There is no contact {min(missing, key=str)} here."})
        return found

    def fill(self, audience: Audience, body: dict[str, Any]) -> None:
        """Put people on a fixed list and take them off."""
        own: dict[str, Any] = {"by": self.caller.proposer, "now": self.now, "audience": audience}
        if "add_from" in body:
            source = self.rows().filter(public_id=body["add_from"]).first()
            if source is None:
                raise ValidationError({"add_from": "There is no such audience here."})
            add_everybody_of(source=source, **own)
        if body.get("add"):
            add_members(contacts=self.contacts(body["add"], "add"), **own)
        if body.get("remove"):
            remove_members(contacts=self.contacts(body["remove"], "remove"), **own)


class Audiences(AudiencesView):
    """All audiences."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(tags=TAG, operation_id="audiences_list", summary="List audiences")
    def get(self, request: Request) -> Response:
        """Audiences, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="audiences_create", summary="Make an audience",
        request=AudienceIn, responses={201: AudienceDetailOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Keep an audience by rules, or a fixed list with its first members."""
        body = self.read(AudienceIn)
        with transaction.atomic():
            made = create_audience(
                workspace=self.workspace, values=body, by=self.caller.proposer, now=self.now
            )
            self.fill(made, body)
        return Response(_detail(made, self.now), status=status.HTTP_201_CREATED)


class AudiencePreview(ApiView):
    """Who would belong."""

    scopes = {"POST": scopes.OUTREACH_READ}

    @extend_schema(
        tags=TAG, operation_id="audiences_preview", summary="Count and preview rules",
        request=RulesIn, responses=AudiencePreviewOut,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Count the people of rules that are not saved, and show twenty of them."""
        try:
            seen = preview_of(self.workspace, parse(self.read(RulesIn)["rules"]), self.now)
        except RulesError as error:
            raise ValidationError({error.path: str(error)}) from None
        return Response(AudiencePreviewOut(seen).data)


class AudienceDetail(AudiencesView):
    """One audience."""

    scopes = {"GET": scopes.OUTREACH_READ, "PATCH": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="audiences_read", summary="Read an audience",
        responses=AudienceDetailOut,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Count it now and show twenty of its people."""
        return Response(_detail(self.one(public_id), self.now))

    @extend_schema(
        tags=TAG, operation_id="audiences_update", summary="Change an audience",
        request=AudienceChangeIn, responses=AudienceDetailOut,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given; a fixed list takes people in and out."""
        audience, body = self.one(public_id), self.read(AudienceChangeIn)
        by, now = self.caller.proposer, self.now
        if body.get("is_archived") is False:
            raise ValidationError({"is_archived": "An archived audience stays so; make it anew."})
        values: dict[str, Any] = {
            key: body[key] for key in ("name", "description", "rules") if key in body
        }
        with transaction.atomic():
            if values:
                change_audience(audience=audience, values=values, by=by, now=now)
            self.fill(audience, body)
            if body.get("is_archived"):
                archive_audience(audience=audience, by=by, now=now)
        return Response(_detail(self.one(public_id), now))


def _detail(audience: Audience, now: Any) -> dict[str, Any]:
    """Show an audience with its members of now; nobody, where what its rules name is gone."""
    shown = dict(AudienceOut(audience).data)
    try:
        query = query_of(audience, now)
    except RulesError as error:
        return {**shown, "count": 0, "words": str(error), "contacts": []}
    is_list = audience.kind == AudienceKind.LIST
    count, contacts = people_of(audience.workspace, query)
    seen = {
        "count": count,
        "words": "A fixed list" if is_list else in_words(audience.workspace, parse(audience.rules)),
        "contacts": contacts,
    }
    return {**shown, **AudiencePreviewOut(seen).data}
