"""Texts over REST: written in versions, looked at, put into use."""

from __future__ import annotations

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

from outreach.api.text_serializers import (
    TextChangeIn,
    TextDetailOut,
    TextIn,
    TextLookOut,
    TextOfIn,
    TextOut,
    TextPreviewIn,
    TextTriedOut,
    TextVersionIn,
    TextVersionOut,
)
from outreach.models import (
    ChannelTemplate,
    Contact,
    MessageChannel,
    TemplateCategory,
    TemplateStatus,
    TemplateVersion,
)
from outreach.selectors.text_looks import PARTS, Draft, look_at
from outreach.selectors.texts import TextRates, rates_by_template, texts_of, used_in
from outreach.services.texts.trying_out import send_test
from outreach.services.texts.writing import (
    activate_text,
    archive_text,
    change_details,
    create_text,
    save_version,
)
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Outreach"]


class TextFilter(Filters):
    """Filters of the list."""

    channel = django_filters.ChoiceFilter(choices=MessageChannel.choices)
    category = django_filters.ChoiceFilter(choices=TemplateCategory.choices)
    status = django_filters.ChoiceFilter(choices=TemplateStatus.choices)
    name = django_filters.CharFilter()


class TextsView(RowsView[ChannelTemplate]):
    """Base: texts of the workspace."""

    queryset = ChannelTemplate.objects.none()
    serializer_class = TextOut
    filterset_class = TextFilter

    def rows(self) -> QuerySet[ChannelTemplate]:
        """All of them."""
        return texts_of(self.workspace).select_related("workspace")

    def contact(self, body: dict[str, Any]) -> Contact | None:
        """Return the contact that is named, if one is."""
        if "contact" not in body:
            return None
        found = Contact.objects.filter(workspace=self.workspace, public_id=body["contact"]).first()
        if found is None:
            raise ValidationError({"contact": "There is no such contact here."})
        return found

    def version(self, template: ChannelTemplate, number: int | None) -> TemplateVersion | None:
        """Return a version by its number, else the newest."""
        if number is None:
            return template.versions.order_by("-number").first()
        found = template.versions.filter(number=number).first()
        if found is None:
            raise ValidationError({"version": f"There is no version {number}."})
        return found

    def detail(self, public_id: UUID) -> dict[str, Any]:
        """Return all there is to tell of one."""
        template = self.one(public_id)
        newest = self.version(template, None)
        rates = rates_by_template(self.workspace, [template.pk]).get(template.pk, TextRates())
        names = dict.fromkeys(one.step.campaign.name for one in used_in(template))
        shown = {name: getattr(rates, name) for name in ("sent", "arrived")}
        shares = {kind: vars(share) for kind, share in rates.shares.items()}
        return {
            **TextOut(template).data,
            "newest": TextVersionOut(newest).data if newest else None,
            "rates": {**shown, "shares": shares},
            "used_in": list(names),
        }


class Texts(TextsView):
    """All texts."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(tags=TAG, operation_id="texts_list", summary="List templates")
    def get(self, request: Request) -> Response:
        """Texts, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="texts_create", summary="Write a template",
        request=TextIn, responses={201: TextDetailOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Make a draft; what it says becomes its first version."""
        made = create_text(
            workspace=self.workspace, values=self.read(TextIn), by=self.caller.proposer,
            now=self.now,
        )  # fmt: skip
        return Response(self.detail(made.public_id), status=status.HTTP_201_CREATED)


class TextPreview(TextsView):
    """A text that is not saved."""

    scopes = {"POST": scopes.OUTREACH_READ}

    @extend_schema(
        tags=TAG, operation_id="texts_preview", summary="Preview and check a text",
        request=TextPreviewIn, responses=TextLookOut,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Write it for a contact or with its samples, and say what the checks find."""
        body = self.read(TextPreviewIn)
        contact = self.contact(body)
        body.pop("contact", None)
        look = look_at(Draft(**body), workspace=self.workspace, contact=contact)
        return Response(TextLookOut(look).data)


class TextDetail(TextsView):
    """One text."""

    scopes = {"GET": scopes.OUTREACH_READ, "PATCH": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="texts_read", summary="Read a template", responses=TextDetailOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Tell what it says, how it fared and where it is used."""
        return Response(self.detail(public_id))

    @extend_schema(
        tags=TAG, operation_id="texts_update", summary="Name, use or archive a template",
        request=TextChangeIn, responses=TextDetailOut,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given; a version is put into use only without errors."""
        template, body = self.one(public_id), self.read(TextChangeIn)
        own: dict[str, Any] = {"template": template, "by": self.caller.proposer, "now": self.now}
        if body.get("is_archived") is False:
            raise ValidationError({"is_archived": "An archived text stays so; make a copy."})
        details: dict[str, Any] = {
            key: body[key] for key in ("name", "category", "provider_key") if key in body
        }
        with transaction.atomic():
            if details:
                change_details(values=details, **own)
            if "version" in body:
                activate_text(version=self.version(template, body["version"]), **own)
            if body.get("is_archived"):
                archive_text(**own)
                if not ChannelTemplate.objects.filter(pk=template.pk).exists():
                    return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(self.detail(public_id))


class TextVersions(TextsView):
    """Versions of one text."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}
    filterset_class = None  # type: ignore[assignment]  # versions have none

    @extend_schema(
        tags=TAG, operation_id="texts_versions", summary="List versions",
        responses=TextVersionOut(many=True), filters=False,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Every version, the newest first."""
        versions = self.one(public_id).versions.all()
        return self.page_of(
            versions, by=("-number",), shown=lambda rows: TextVersionOut(rows, many=True).data
        )

    @extend_schema(
        tags=TAG, operation_id="texts_write", summary="Write the next version",
        request=TextVersionIn, responses={201: TextDetailOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Keep what is given as the next version; the same words again make none."""
        body = self.read(TextVersionIn)
        own: dict[str, Any] = {
            "template": self.one(public_id), "by": self.caller.proposer, "now": self.now,
        }  # fmt: skip
        with transaction.atomic():
            saved = save_version(values=body, based_on=body.get("based_on"), **own)
            if body.get("activate"):
                activate_text(version=saved, **own)
        return Response(self.detail(public_id), status=status.HTTP_201_CREATED)


class TextLook(TextsView):
    """A version of a text for somebody."""

    scopes = {"POST": scopes.OUTREACH_READ}

    @extend_schema(
        tags=TAG, operation_id="texts_look", summary="Preview and check a version",
        request=TextOfIn, responses=TextLookOut,
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write a version for a contact or with its samples, and say what the checks find."""
        template, body = self.one(public_id), self.read(TextOfIn)
        draft = Draft.of(template, self.version(template, body.get("version")))
        look = look_at(draft, workspace=self.workspace, contact=self.contact(body))
        return Response(TextLookOut(look).data)


class TextTest(TextsView):
    """A test of a text."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="texts_test", summary="Mail a version to yourself",
        request=TextOfIn, responses=TextTriedOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send a version to the address of whoever asks, by the workspace's own connection.

        It is in no figures, and the links in it count nothing and unsubscribe nobody.
        """
        template, body = self.one(public_id), self.read(TextOfIn)
        version = self.version(template, body.get("version")) or TemplateVersion()
        tried = send_test(
            template=template, parts={name: getattr(version, name) for name in PARTS},
            contact=self.contact(body), by=self.caller.proposer, now=self.now,
        )  # fmt: skip
        return Response(TextTriedOut(tried).data)
