"""The card beside a conversation: who it is, what they are worth, what they did and agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Exists, Q

from attribution.models import Identifier, IdentifierKind, Journey, JourneyTouch, Person, ValueKind
from experiments.models import Exposure
from inbox.models import ChatVisitor, Conversation, Satisfaction
from inbox.selectors.suggestions import asked_about
from inbox.selectors.worth import Worth, money_worth, worth_of
from outreach.models import Consent, Contact, ContactPoint, MessageChannel, Purpose
from outreach.selectors.consents import consents_of

_FEW: Final = 5
_JOURNEYS: Final = 50
_IDENTIFIERS: Final = 50


@dataclass(frozen=True)
class Agreed:
    """What somebody said of marketing by a channel; ``consent`` is none where never asked."""

    channel: str
    consent: Consent | None


@dataclass(frozen=True)
class Customer:
    """A person as the card shows them. Figures that nobody can tell are none."""

    contact: Contact
    points: Sequence[ContactPoint]
    agreed: Sequence[Agreed]
    earned: Decimal
    deals: Sequence[Journey]
    touches: Sequence[JourneyTouch]
    tests: Sequence[Exposure]
    worth: Worth
    chat: ChatVisitor | None
    said: Satisfaction | None  # of how it was, the newest
    is_asked: bool  # whether somebody has to say who else they are


def customer_of(conversation: Conversation) -> Customer:
    """Read the card of whom a conversation is with."""
    contact = conversation.contact
    root = contact.person.root_id or contact.person_id
    points = list(
        ContactPoint.objects.filter(contact=contact)
        .annotate(is_asked=Exists(asked_about(contact)))
        .order_by("channel", "position", "pk")
    )
    journeys = list(
        Journey.objects.filter(workspace=contact.workspace_id, person=root)
        .select_related("conversion")
        .order_by("-ended_at", "-pk")[:_JOURNEYS]
    )
    return Customer(
        contact=contact,
        points=points,
        agreed=_agreed(contact, points),
        earned=_earned(contact, journeys),
        worth=_worth(contact, journeys),
        deals=[one for one in journeys if one.conversion and one.conversion.crm_deal][:_FEW],
        touches=_touches(journeys),
        tests=_tests(contact, root),
        chat=_chat(points),
        said=_said(contact),
        # Read along with the points; a contact without any is rare.
        is_asked=points[0].is_asked if points else asked_about(contact).exists(),
    )


def _said(contact: Contact) -> Satisfaction | None:
    rows = Satisfaction.objects.filter(
        workspace=contact.workspace_id, conversation__contact=contact, score__isnull=False
    )
    return rows.order_by("-answered_at", "-pk").first()


def _chat(points: Sequence[ContactPoint]) -> ChatVisitor | None:
    """Their newest chat on a website."""
    keys = [one.pk for one in points if one.channel == MessageChannel.CHAT]
    if not keys:
        return None
    rows = ChatVisitor.objects.filter(point__in=keys).select_related("widget__site")
    return rows.order_by("-last_seen_at").first()


def _agreed(contact: Contact, points: Sequence[ContactPoint]) -> list[Agreed]:
    holds = consents_of(contact.workspace_id, [contact.pk]).get(contact.pk, {})
    channels = sorted({one.channel for one in points} | {channel for channel, _ in holds})
    return [
        Agreed(MessageChannel(one).label, holds.get((one, Purpose.MARKETING))) for one in channels
    ]


def _earned(contact: Contact, journeys: Sequence[Journey]) -> Decimal:
    """Money so far: of the daily count where there is one, else of the journeys known."""
    standing = getattr(contact, "standing", None)
    if standing is not None and standing.spent:
        return Decimal(standing.spent)
    paid = (one.value for one in journeys
            if one.conversion and one.conversion.value_kind == ValueKind.CASH)  # fmt: skip
    return sum((value for value in paid if value is not None), Decimal(0))


def _worth(contact: Contact, journeys: Sequence[Journey]) -> Worth:
    held = (one.value for one in journeys
            if one.conversion and one.conversion.value_kind == ValueKind.SYNTHETIC)  # fmt: skip
    deals = sum((value for value in held if value is not None), Decimal(0))
    money = money_worth(_earned(contact, journeys), deals)
    return worth_of(contact.workspace_id, [contact], {contact.pk: money})[contact.pk]


def _touches(journeys: Sequence[Journey]) -> list[JourneyTouch]:
    newest = [one.pk for one in journeys[:_FEW]]
    rows = JourneyTouch.objects.filter(journey__in=newest).select_related("channel", "campaign")
    return list(rows.order_by("-at", "-pk")[:_FEW])


def _tests(contact: Contact, root: int) -> list[Exposure]:
    """Tests of the workspace that they are in, by whatever they are known there."""
    people = Person.objects.filter(Q(pk=root) | Q(root=root), workspace=contact.workspace_id)
    known = Identifier.objects.filter(
        workspace=contact.workspace_id, person__in=people.values("pk"),
        kind__in=[IdentifierKind.USER_ID, IdentifierKind.VISITOR],
    )  # fmt: skip
    units = [f"contact:{contact.pk}", str(contact.public_id)]
    names = known.order_by("-pk").values("value")[:_IDENTIFIERS]
    rows = Exposure.objects.filter(
        Q(unit__in=units) | Q(unit__in=names), workspace=contact.workspace_id,
        test__workspace=contact.workspace_id, test__status="running",
    )  # fmt: skip
    return list(rows.select_related("test", "variant").order_by("-at", "-pk")[:_FEW])
