"""Contacts and what they agreed to, over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.models import CustomerType, LifecycleStage
from outreach.api.people_serializers import (
    ConsentIn,
    ConsentsOut,
    ContactChangeIn,
    ContactIn,
    ContactOut,
)
from outreach.models import ConsentSource, Contact
from outreach.selectors.consents import current_consents, history_of
from outreach.selectors.contacts import at_address, contacts_of, found_by
from outreach.services.people.consenting import Said, set_consent
from outreach.services.people.keeping import archive_contact, change_contact, create_contact
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Contacts"]


class ContactFilter(Filters):
    """Filters of the list."""

    q = django_filters.CharFilter(method="search", label="Beginning of a name, address or id.")
    external_id = django_filters.CharFilter()
    address = django_filters.CharFilter(method="at", label="An address, however it is spelled.")
    country = django_filters.CharFilter()
    customer_type = django_filters.ChoiceFilter(choices=CustomerType.choices)
    lifecycle_stage = django_filters.ChoiceFilter(choices=LifecycleStage.choices)
    source = django_filters.CharFilter()
    is_archived = django_filters.BooleanFilter(method="archived")

    def search(self, rows: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """Narrow to those whom the words name."""
        return found_by(rows, value)

    def at(self, rows: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """Narrow to whose address it is, each once."""
        return at_address(rows, value)

    def archived(self, rows: QuerySet[Contact], name: str, value: bool) -> QuerySet[Contact]:  # noqa: FBT001  # the library calls it so
        """Narrow to those put away, or to the others."""
        return rows.filter(archived_at__isnull=not value)


class ContactsView(RowsView[Contact]):
    """Base: contacts of the workspace."""

    queryset = Contact.objects.none()
    serializer_class = ContactOut
    filterset_class = ContactFilter

    def rows(self) -> QuerySet[Contact]:
        """All of them."""
        return contacts_of(self.workspace)

    def answer(self, contact: Contact, code: int = status.HTTP_200_OK) -> Response:
        """Show a contact as it stands now."""
        return Response(ContactOut(self.one(contact.public_id)).data, status=code)


class Contacts(ContactsView):
    """All contacts."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(tags=TAG, operation_id="contacts_list", summary="List contacts")
    def get(self, request: Request) -> Response:
        """Contacts, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="contacts_create", summary="Add a contact",
        request=ContactIn, responses={201: ContactOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Keep somebody with addresses. Consent is told apart: nobody agrees by being added."""
        made = create_contact(
            workspace=self.workspace, values=self.read(ContactIn), by=self.caller.proposer,
            now=self.now, source="api",
        )  # fmt: skip
        return self.answer(made, status.HTTP_201_CREATED)


class ContactDetail(ContactsView):
    """One contact."""

    scopes = {"GET": scopes.OUTREACH_READ, "PATCH": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="contacts_read", summary="Read a contact", responses=ContactOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show what is known of somebody."""
        return self.answer(self.one(public_id))

    @extend_schema(
        tags=TAG, operation_id="contacts_update", summary="Change a contact",
        request=ContactChangeIn, responses=ContactOut,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given; ``points`` replaces all addresses, ``attributes`` one by one."""
        contact, values = self.one(public_id), self.read(ContactChangeIn)
        is_archived = values.pop("is_archived", None)
        by, now = self.caller.proposer, self.now
        with transaction.atomic():
            if is_archived is False:
                archive_contact(contact=contact, by=by, now=now, is_archived=False)
            if values:
                change_contact(contact=contact, values=values, by=by, now=now)
            if is_archived:
                archive_contact(contact=contact, by=by, now=now, is_archived=True)
        return self.answer(contact)


class ContactConsent(ContactsView):
    """What a contact agreed to."""

    scopes = {"GET": scopes.OUTREACH_READ, "PUT": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"PUT"})

    @extend_schema(
        tags=TAG, operation_id="contacts_consent_read", summary="Read consent",
        responses=ConsentsOut, filters=False,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show what holds per channel and purpose, and all that was said."""
        return Response(_consents(self.one(public_id)))

    @extend_schema(
        tags=TAG, operation_id="contacts_consent_set", summary="Give or withdraw consent",
        request=ConsentIn, responses=ConsentsOut,
    )  # fmt: skip
    def put(self, request: Request, public_id: UUID) -> Response:
        """Say what somebody told you. What is not named stays; what holds already adds nothing."""
        contact, body = self.one(public_id), self.read(ConsentIn)
        evidence = {"statement": body["statement"], "by": self.caller.owner}
        said = [
            Said(one["channel"], one["purpose"], one["is_given"], evidence)
            for one in body["consents"]
        ]
        set_consent(
            contact=contact, said=said, by=self.caller.proposer, now=self.now, at=body.get("at"),
            source=ConsentSource.API if self.caller.key else ConsentSource.PERSON,
        )  # fmt: skip
        return Response(_consents(contact))


def _consents(contact: Contact) -> dict[str, Any]:
    told = {
        "current": [row for _, row in sorted(current_consents(contact).items())],
        "history": history_of(contact),
    }
    return dict(ConsentsOut(told).data)
