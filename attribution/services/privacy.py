"""Forgetting: raw clicks after their time, a person on request; figures stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict

from attribution.models import (
    AttributionAttempt,
    Click,
    Conversion,
    FingerprintSalt,
    Identifier,
    IdentifierKind,
    IdentityMerge,
    Journey,
    Person,
    Touchpoint,
)
from attribution.models.clicks import CLICK_ID_KINDS, IDENTITY_KINDS
from attribution.services.identity import members_of
from attribution.services.journeys import forget_journeys, lock_journeys
from attribution.services.news import keepers, tell_people_news
from attribution.services.salts import oldest_week
from attribution.services.website.forgetting import forget_visitors, visits_of
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.locks import lock_names

PURGE_JOB: Final = "click-purge"
BATCH: Final = 1000
ERASED: Final = "erased"
_SENDER = (
    *CLICK_ID_KINDS, *IDENTITY_KINDS, "truncated_ip", "user_agent", "landing_page", "referrer",
    "region", "city", "crm_deal", "crm_contact", "external_id",
    "utm_content", "utm_term", "source_message",
    "google_email_hash", "e164_phone_hash", "fbc", "fbp", "ttp",
)  # fmt: skip


def purge_clicks(*, workspace: Workspace, now: datetime, batch: int = BATCH) -> int:
    """Delete clicks past their time, with the salts of their weeks; returns how many clicks.

    What a click told of a conversion stays on the conversion.
    """
    before = now - timedelta(days=settings.CLICK_KEEP_DAYS)
    old = Click.objects.filter(workspace=workspace, clicked_at__lt=before).order_by("clicked_at")
    total = 0
    while keys := list(old.values_list("pk", flat=True)[:batch]):
        total += _delete(keys)
    FingerprintSalt.objects.filter(
        workspace=workspace, week_starts_on__lt=oldest_week(now)
    ).delete()
    return total


def purge_touches(*, workspace: Workspace, now: datetime) -> int:
    """Delete touches past their time, with the journeys that they were part of.

    The credits of earlier runs stay.
    """
    before = now - timedelta(days=settings.TOUCH_KEEP_DAYS)
    old = Touchpoint.objects.filter(workspace=workspace, at__lt=before)
    with transaction.atomic():
        lock_journeys(workspace.pk)
        return _delete_touches(old)


def _delete_touches(touches: QuerySet[Touchpoint]) -> int:
    forget_journeys(Journey.objects.filter(steps__touch__in=touches))
    return touches.delete()[0]


@transaction.atomic
def _delete(keys: list[int]) -> int:
    # At once; Django would write each conversion of a batch again by its key.
    Conversion.objects.filter(attributed_click__in=keys).update(attributed_click=None)
    return Click.objects.filter(pk__in=keys).delete()[0]


def purge_workspace(progress: Progress) -> None:
    """Body of the purging job."""
    progress.count(clicks=purge_clicks(workspace=progress.workspace, now=progress.now))
    if touches := purge_touches(workspace=progress.workspace, now=progress.now):
        progress.count(touches=touches)


@transaction.atomic
def erase(*, person: Person, now: datetime) -> dict[str, int]:
    """Forget a person in all that it was merged from; returns how many rows of each.

    Its conversions stay as figures: type, value, time, method, ad and campaign.

    Raises
    ------
    GateError : something is said to the person just now
    """
    lock_journeys(person.workspace_id)
    lock_names([f"identity:{person.workspace_id}"])
    people = [member.pk for member in members_of(person)]
    elsewhere: dict[str, int] = {}
    for keeper in keepers():
        elsewhere |= keeper.erase(workspace_id=person.workspace_id, people=people, now=now)
    clicks = list(Click.objects.filter(person__in=people).values_list("pk", flat=True))
    conversions = _empty_conversions(people)
    # A journey carries who walked it: whoever is left in it, by a merge, walks anew at the build.
    touches = _delete_touches(Touchpoint.objects.filter(person__in=people))
    forget_journeys(Journey.objects.filter(person__in=people))
    counts = {"touches": touches, "clicks": _delete(clicks), "conversions": conversions}
    counts["web_events"] = forget_visitors(workspace_id=person.workspace_id, people=people)
    merges = IdentityMerge.objects.filter(workspace=person.workspace_id)
    merges.filter(left__in=people).delete()
    merges.filter(right__in=people).delete()
    identifiers = Identifier.objects.filter(person__in=people)
    counts["identifiers"] = identifiers.delete()[0]
    Person.objects.filter(pk__in=people).update(root=None)
    counts["people"] = Person.objects.filter(pk__in=people).delete()[0]
    return counts | elsewhere


@transaction.atomic
def erase_contact(*, workspace: Workspace, contact: str, now: datetime) -> dict[str, int]:
    """Forget a contact of a CRM, also where he never consented to be recognised."""
    lock_journeys(workspace.pk)
    counts = {"clicks": 0, "conversions": 0, "identifiers": 0, "people": 0}
    known = Identifier.objects.filter(
        workspace=workspace, kind=IdentifierKind.CRM_CONTACT, value=contact
    ).select_related("person")
    if row := known.first():
        counts |= erase(person=row.person, now=now)
    named = Conversion.objects.filter(workspace=workspace, extra__crm_contacts__contains=[contact])
    _tell_of_loss(named)
    counts["conversions"] += _empty(named)
    return counts


def _tell_of_loss(rows: QuerySet[Conversion]) -> None:
    """Whoever stays known has these conversions no more."""
    found = list(
        rows.filter(person__isnull=False).values_list("workspace_id", "person_id", "converted_at")
    )
    if found:
        tell_people_news(
            workspace_id=found[0][0],
            people={person for _, person, _ in found},
            since=min(at for *_, at in found),
        )


def _empty_conversions(people: list[int]) -> int:
    return _empty(Conversion.objects.filter(person__in=people))


def _empty(rows: QuerySet[Conversion]) -> int:
    # By their keys: what the rows are chosen by is among what is emptied.
    rows = Conversion.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
    rows.exclude(attributed_click_key="").update(attributed_click_key=ERASED)
    AttributionAttempt.objects.filter(conversion__in=rows).exclude(click_key="").update(
        click_key=ERASED
    )
    emptied = rows.update(**_blank())
    forget_journeys(Journey.objects.filter(conversion__in=rows))
    return emptied


def _blank() -> dict[str, Any]:
    """Columns of a conversion that tell of the person, emptied."""
    return {
        **dict.fromkeys(_SENDER, ""),
        "fingerprints": [],
        "candidates": [],
        "payload": {},
        "extra": {},
        "has_consent": False,
        "person": None,
        "journey_id": None,
    }


def export(*, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept of a person, in all that it was merged from."""
    people = [member.pk for member in members_of(person)]
    elsewhere: dict[str, list[dict[str, Any]]] = {}
    for keeper in keepers():
        elsewhere |= keeper.export(people=people)
    return {
        **elsewhere,
        "identifiers": _dicts(Identifier.objects.filter(person__in=people)),
        "clicks": _dicts(Click.objects.filter(person__in=people)),
        "conversions": _dicts(Conversion.objects.filter(person__in=people)),
        "touches": _dicts(Touchpoint.objects.filter(person__in=people)),
        **visits_of(people=people),
    }


def _dicts(rows: Any) -> list[dict[str, Any]]:
    inner = {"workspace", "person", "attributed_click"}
    return [
        {name: value for name, value in model_to_dict(row).items() if name not in inner}
        for row in rows.order_by("pk")
    ]
