"""Events of CRMs over REST."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.models import Identifier, IdentifierKind
from attribution.services.hubspot_door import queue_event
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView, RowsView

_LARGEST: Final = 10**15 - 1
_EVENT = OpenApiExample(
    "A deal moved",
    value={
        "portalId": 33, "subscriptionType": "deal.propertyChange", "objectId": 1246965,
        "propertyName": "dealstage", "propertyValue": "closedwon", "occurredAt": 1795262400000,
    },
    request_only=True,
)  # fmt: skip


def _number(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=_LARGEST, **{"required": False, **options}
    )


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(max_length=length, required=False, allow_blank=True)


class HubSpotEventIn(Body):
    """One event as HubSpot's webhooks carry it."""

    subscriptionType = serializers.RegexField(r"^(deal|contact)\.[A-Za-z]{1,40}$")
    objectId = _number(required=True)
    occurredAt = _number(required=True, help_text="Milliseconds since 1970.")
    portalId = _number(help_text="May be left out where the workspace has one portal.")
    propertyName, propertyValue = _text(200), _text(2000)
    changeSource, sourceId, associationType = _text(200), _text(200), _text(200)
    eventId, subscriptionId, appId, attemptNumber = _number(), _number(), _number(), _number()
    fromObjectId, toObjectId = _number(), _number()
    primaryObjectId, newObjectId = _number(), _number()
    mergedObjectIds = serializers.ListField(child=_number(), required=False, max_length=100)
    associationRemoved = serializers.BooleanField(required=False)
    isPrimaryAssociation = serializers.BooleanField(required=False)


class QueuedOut(serializers.Serializer[Any]):
    """The event waits for a worker."""

    status = serializers.ChoiceField(["queued"])
    task_id = serializers.UUIDField()


class HubSpotEvent(ApiView):
    """An event of HubSpot that another system passes on."""

    scopes = {"POST": scopes.ML_WRITE}
    throttle_group = "ml"

    @extend_schema(
        tags=["Synthetic revenue"],
        operation_id="hubspot_event_process",
        summary="Have an event of HubSpot processed",
        request=HubSpotEventIn,
        responses={202: QueuedOut},
        examples=[_EVENT],
    )
    @once
    def post(self, request: Request) -> Response:
        """Store it as its webhook would be; a worker then reads the deal that it names."""
        task_id = queue_event(
            workspace=self.workspace, event=self.read(HubSpotEventIn), now=self.now
        )
        shown = QueuedOut({"status": "queued", "task_id": task_id}).data
        return Response(shown, status=status.HTTP_202_ACCEPTED)


class CrmContactOut(serializers.Serializer[Any]):
    """A contact of a CRM as attribution knows it; nothing that names the person."""

    crm = serializers.SerializerMethodField()
    portal = serializers.SerializerMethodField()
    contact = serializers.SerializerMethodField(help_text="Its id in the CRM.")
    person = serializers.SerializerMethodField(help_text="Who that is in journeys.")
    first_seen_at = serializers.DateTimeField()

    def get_crm(self, row: Identifier) -> str:
        """Name of the CRM; empty where only an id was told."""
        return _parts(row)[0]

    def get_portal(self, row: Identifier) -> str:
        """Its own account."""
        return _parts(row)[1]

    def get_contact(self, row: Identifier) -> str:
        """Id of the contact."""
        return _parts(row)[2]

    def get_person(self, row: Identifier) -> str:
        """The person after merges."""
        return str((row.person.root or row.person).public_id)


def _parts(row: Identifier) -> tuple[str, str, str]:
    crm, _, rest = row.value.partition(":")
    portal, _, contact = rest.partition(":")
    return (crm, portal, contact) if contact else ("", "", row.value)


class AgentCrmContacts(RowsView[Identifier]):
    """Contacts of CRMs."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}
    queryset = Identifier.objects.none()
    serializer_class = CrmContactOut
    ordering_fields = ("first_seen_at",)

    def rows(self) -> QuerySet[Identifier]:
        """Those of the workspace."""
        return Identifier.objects.filter(
            workspace=self.workspace, kind=IdentifierKind.CRM_CONTACT
        ).select_related("person__root")

    @extend_schema(
        tags=["Agents"], operation_id="agent_crm_contacts_list", summary="List contacts of the CRM"
    )
    def get(self, request: Request) -> Response:
        """Contacts whose deals came here with consent, and who they are in journeys."""
        return self.page()
