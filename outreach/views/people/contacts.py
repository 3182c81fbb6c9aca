"""Contacts: found, opened, changed, put on lists, spared and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attribution.models import CustomerType, LifecycleStage
from attribution.selectors.people import SHOWN_JOURNEYS, journeys_of_person
from outreach.models import (
    Audience,
    AudienceKind,
    Contact,
    ContactPoint,
    MessageChannel,
    Purpose,
)
from outreach.selectors.consents import current_consents, history_of
from outreach.selectors.contacts import contacts_of, found_by, written_to
from outreach.services.people.audiences import add_members
from outreach.services.people.consenting import Said, set_consent
from outreach.services.people.erasing import erase_contact, export_contact
from outreach.services.people.keeping import TEXTS, archive_contact, change_contact, create_contact
from outreach.services.people.refusing import PeopleError
from outreach.services.people.suppressing import suppress, suppressions_of
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

SHOWN: Final = 50
_STORY: Final = 50


@require_safe
@page(Role.VIEWER)
def contacts(request: PageRequest) -> HttpResponse:
    """Everybody, or those whom the words and filters mean."""
    workspace, rows = request.workspace, filtered(request)
    found = Paginator(rows.order_by("-pk"), SHOWN).get_page(request.GET.get("page"))
    context = {
        "title": "Contacts",
        "rows": found,
        "earlier": found.previous_page_number() if found.has_previous() else None,
        "later": found.next_page_number() if found.has_next() else None,
        "has_any": bool(found.object_list) or Contact.objects.filter(workspace=workspace).exists(),
        "types": CustomerType.choices,
        "stages": LifecycleStage.choices,
        "lists": Audience.objects.filter(
            workspace=workspace, kind=AudienceKind.LIST, archived_at=None
        ).order_by("name"),
        "may_write": has_role(request, Role.OPERATOR),
    }  # fmt: skip
    return show(request, "outreach/people/contacts.html", context)


def filtered(request: PageRequest) -> QuerySet[Contact]:
    """Whom the words and filters of the address mean."""
    asked = request.GET
    rows = contacts_of(request.workspace).filter(archived_at__isnull=asked.get("archived") != "1")
    for name, choices in (("customer_type", CustomerType.values),
                          ("lifecycle_stage", LifecycleStage.values)):  # fmt: skip
        if asked.get(name) in choices:
            rows = rows.filter(**{name: asked[name]})
    return found_by(rows, asked.get("q", ""))


def own_contact(request: PageRequest, public_id: UUID) -> Contact:
    """A contact of the workspace, 404 for anything else."""
    found = contacts_of(request.workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such contact.")
    return found


@require_POST
@page(Role.OPERATOR)
def bulk(request: PageRequest) -> HttpResponse:
    """Do one thing with the contacts that are ticked."""
    chosen = list(_chosen(request))
    by, now = Proposer.person(request.user), timezone.now()
    try:
        if not chosen:
            raise PeopleError("contact", "Tick the contacts first.")
        if request.POST.get("action") == "suppress":
            points = ContactPoint.objects.filter(contact__in=chosen)
            values = list(points.values_list("address", flat=True))
            if request.POST.get("sure") != "1":
                asked = {"title": "Contacts", "chosen": chosen, "addresses": len(set(values))}
                return show(request, "outreach/people/contacts_suppress.html", asked)
            count = suppress(workspace=request.workspace, values=values, by=by, now=now)
            messages.success(request, f"{count} addresses are not written to any more.")
        else:
            listing = _listing(request)
            count = add_members(audience=listing, contacts=chosen, by=by, now=now)
            messages.success(request, f"{count} are new on “{listing.name}”.")
    except (PeopleError, GateError) as error:
        messages.error(request, str(error))
    return redirect("contacts")


def _chosen(request: PageRequest) -> Any:
    given = [one for one in request.POST.getlist("contact") if _is_uuid(one)]
    return Contact.objects.filter(workspace=request.workspace, public_id__in=given)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _listing(request: PageRequest) -> Audience:
    given = request.POST.get("list", "")
    lists = Audience.objects.filter(workspace=request.workspace, kind=AudienceKind.LIST)
    found = lists.filter(public_id=given).first() if _is_uuid(given) else None
    if found is None:
        raise PeopleError("list", "Choose a fixed list; make one under Audiences.")
    return found


@require_safe
@page(Role.VIEWER)
def contact(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One contact: addresses, consent, what was written and what came of it."""
    return _shown(request, own_contact(request, public_id))


def _shown(request: PageRequest, row: Contact, *, error: PeopleError | None = None) -> HttpResponse:
    now, typed = timezone.now(), _given(request, error)
    points = sorted(row.points.all(), key=lambda one: (one.channel, one.position))
    holds = current_consents(row)
    spared = suppressions_of(
        workspace_id=row.workspace_id, values=[one.address for one in points], now=now
    )
    channels = sorted({one.channel for one in points} | {channel for channel, _ in holds})
    context = {
        "title": str(row),
        "row": row,
        "points": [(one, spared.get(one.address, [])) for one in points],
        "consents": [
            (channel, MessageChannel(channel).label, holds.get((channel, Purpose.MARKETING)))
            for channel in channels
        ],
        "history": history_of(row)[:_STORY],
        "sent": written_to(row, _STORY),
        "most": _STORY,
        "standing": getattr(row, "standing", None),
        **_fields({name: getattr(row, name) for name in TEXTS} | dict(typed)),
        "points_text": typed.get(
            "points", "\n".join(f"{one.channel} {one.address}" for one in points)
        ),
        "attributes": typed.get(
            "attributes", json.dumps(row.attributes, indent=1, ensure_ascii=False)
        ),
        "error": error,
        "may_write": has_role(request, Role.OPERATOR),
        "may_erase": has_role(request, Role.ADMIN),
    }  # fmt: skip
    status = 400 if error else 200
    return show(request, "outreach/people/contact.html", context, status=status)


def _given(request: PageRequest, error: PeopleError | None) -> Mapping[str, str]:
    """What was typed, where the form that was refused is that of the fields."""
    return request.POST.dict() if error and "points" in request.POST else {}


def _fields(values: Mapping[str, str]) -> dict[str, Any]:
    """The plain fields of the form, and the channel that somebody prefers."""
    return {
        "fields": [(name, name.replace("_", " ").capitalize(), values.get(name, ""))
                   for name in TEXTS if name != "preferred_channel"],
        "channels": MessageChannel.choices,
        "preferred": values.get("preferred_channel", ""),
    }  # fmt: skip


@page(Role.OPERATOR)
def add(request: PageRequest) -> HttpResponse:
    """Add somebody by hand."""
    context: dict[str, Any] = {
        "title": "Add a contact",
        **_fields(request.POST.dict()),
        "points_text": request.POST.get("points", ""),
        "attributes": request.POST.get("attributes", "{}"),
    }  # fmt: skip
    if request.method != "POST":
        return show(request, "outreach/people/contact_add.html", context)
    try:
        made = create_contact(
            workspace=request.workspace, values=_values(request.POST), source="page",
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except PeopleError as error:
        context["error"] = error
        return show(request, "outreach/people/contact_add.html", context, status=400)
    messages.success(request, f"{made} is here. Say below what they agreed to.")
    return redirect("contact", made.public_id)


def _values(given: QueryDict) -> dict[str, Any]:
    """What the form says, as the service takes it."""
    values: dict[str, Any] = {name: given[name] for name in TEXTS if name in given}
    lines = [one.split(None, 1) for one in given.get("points", "").splitlines() if one.strip()]
    values["points"] = [
        {"channel": parts[0].lower(), "address": parts[1] if len(parts) > 1 else ""}
        for parts in lines
    ]
    try:
        values["attributes"] = json.loads(given.get("attributes", "").strip() or "{}")
    except ValueError:
        raise PeopleError("attributes", 'Write them as JSON, such as {"plan": "pro"}.') from None
    return values


_Act = Callable[[PageRequest, Contact], str]


@require_POST
@page(Role.OPERATOR)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Do one thing with a contact; refusals are said on its page."""
    if action not in _ACTS:
        raise Http404("There is no such action.")
    row = own_contact(request, public_id)
    try:
        messages.success(request, _ACTS[action](request, row))
    except PeopleError as error:
        return _shown(request, own_contact(request, public_id), error=error)
    except GateError as error:
        messages.error(request, str(error))
    if action == "erase":
        return redirect("contacts")
    return redirect("contact", public_id)


def _save(request: PageRequest, row: Contact) -> str:
    values = _values(request.POST)
    gone = set(row.attributes) - set(values["attributes"])
    values["attributes"] = {**values["attributes"], **dict.fromkeys(gone)}
    change_contact(contact=row, values=values, by=Proposer.person(request.user), now=timezone.now())
    return "Saved."


def _consent(request: PageRequest, row: Contact) -> str:
    is_given = request.POST.get("is_given") == "1"
    evidence = {"statement": request.POST.get("statement", "").strip()}
    said = Said(request.POST.get("channel", ""), Purpose.MARKETING, is_given, evidence)
    kept = set_consent(
        contact=row, said=[said], by=Proposer.person(request.user), now=timezone.now()
    )
    return "Noted." if kept else "That was known already."


def _archive(request: PageRequest, row: Contact) -> str:
    is_archived = row.archived_at is None
    archive_contact(
        contact=row, by=Proposer.person(request.user), now=timezone.now(), is_archived=is_archived
    )
    return "Archived: in no audience any more." if is_archived else "Back again."


def _erase(request: PageRequest, row: Contact) -> str:
    if request.POST.get("sure") != "1":
        raise PeopleError("sure", "Tick that you are sure: nobody can take this back.")
    erase_contact(contact=row, by=Proposer.person(request.user), now=timezone.now())
    return "Erased. Figures stay, nothing that names them."


_ACTS: Final[Mapping[str, _Act]] = MappingProxyType(
    {"save": _save, "consent": _consent, "archive": _archive, "erase": _erase}
)


@require_safe
@page(Role.VIEWER)
def journey(request: PageRequest, public_id: UUID) -> HttpResponse:
    """What somebody did before each conversion, and since the last one, touch by touch."""
    row = own_contact(request, public_id)
    walked = journeys_of_person(request.workspace, row.person)
    context = {"title": f"Journey of {row}", "row": row, "walked": walked, "most": SHOWN_JOURNEYS}
    return show(request, "outreach/people/journey.html", context)


@require_safe
@page(Role.OPERATOR)
def export(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Everything that is kept of somebody, as JSON for them."""
    row = own_contact(request, public_id)
    told = export_contact(contact=row, by=Proposer.person(request.user), now=timezone.now())
    body = json.dumps(told, default=str, indent=1, ensure_ascii=False)
    name = f'attachment; filename="contact-{row.public_id}.json"'
    return HttpResponse(
        body, content_type="application/json", headers={"Content-Disposition": name}
    )
