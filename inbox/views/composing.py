"""The form of an answer: where it may go, templates, files, and how it will look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inbox.models import (
    Conversation,
    CustomerResponse,
    Delivery,
    Direction,
    InboxChannel,
    ResponseTemplate,
)
from inbox.selectors.replies import SAID, filled_for, values_for
from inbox.selectors.talks import whys_not
from inbox.services.answering import AnswerError, Words
from inbox.services.uploading import Upload, file_of, upload, upload_named, uploads_of
from inbox.services.wording import check_files, subject_of_answer, unsigned, written
from inbox.views.acting import snoozes
from inbox.views.listing import state_of
from inbox.views.reading import own_conversation, shown_of
from outreach.engine.rendering import TemplateError
from outreach.engine.sms_text import SmsSize, sms_size
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_MOST_WAYS: Final = 5
_MOST_TEMPLATES: Final = 50
#: What an answer can say of who wrote, as the menu calls it.
_PLACES: Final = {
    "first_name": "First name", "last_name": "Last name", "name": "Whole name",
    "subject": "Subject", "country": "Country", "workspace": "Our name",
}  # fmt: skip


@dataclass(frozen=True)
class Preview:
    """An answer as they will have it."""

    to: CustomerResponse
    subject: str
    text: str
    size: SmsSize | None = None


@dataclass(frozen=True)
class Way:
    """An address that wrote here, and whether it may be written to now."""

    message: CustomerResponse
    is_open: bool
    why_not: str = ""


@dataclass(frozen=True)
class Text:
    """A template as it would go out."""

    name: str
    body: str
    missing: str = ""


@require_safe
@never_cache
@page(Role.AGENT)
def compose(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The form of an answer to what the page shows."""
    row = own_conversation(request, public_id)
    failed = shown_of(row, request.GET.get("again", ""))
    if failed is not None and failed.delivery != Delivery.FAILED:
        failed = None
    return form_of(
        request, row, typed_of(failed) if failed else {},
        seen=shown_of(row, request.GET.get("shown", "")),
        uploads=uploads_of(failed) if failed else (),
    )  # fmt: skip


def typed_of(row: CustomerResponse) -> dict[str, str]:
    """An answer of ours as it was typed, to be sent once more to the same address."""
    wrote = CustomerResponse.objects.filter(
        conversation=row.conversation_id, direction=Direction.IN, point=row.point_id
    )
    to = wrote.order_by("-at", "-pk").values_list("public_id", flat=True).first()
    return {"text": unsigned(row), "subject": row.subject, "to": str(to or "")}


def ways_of(newest: Sequence[CustomerResponse], now: datetime) -> list[Way]:
    """Addresses that wrote, by what each wrote last, and whether they may be written to."""
    whys = whys_not(newest, now)
    return [Way(one, not whys.get(one.pk), whys.get(one.pk, "")) for one in newest]


def _heard(conversation: Conversation) -> tuple[list[CustomerResponse], CustomerResponse | None]:
    """What each address wrote last in a conversation, the newest first, and what was said last."""
    rows = CustomerResponse.objects.filter(conversation=conversation)
    wrote = rows.filter(direction=Direction.IN).order_by("point", "-at", "-pk").distinct("point")
    said = rows.filter(SAID).order_by("-pk")[:1]
    # Read together: the form asks much of the database as it is.
    found = rows.filter(Q(pk__in=wrote.values("pk")) | Q(pk__in=said.values("pk"))).select_related(
        "point__contact", "point__workspace", "conversation__contact", "workspace"
    )
    newest: dict[int, CustomerResponse] = {}
    for one in sorted(found, key=lambda one: (one.at, one.pk), reverse=True):
        if one.direction == Direction.IN:
            newest.setdefault(one.point_id, one)
    last = max(found, key=lambda one: one.pk, default=None)
    return list(newest.values())[:_MOST_WAYS], last


def form_of(
    request: PageRequest, row: Conversation, typed: Mapping[str, str], *, error: str = "",
    missed: Sequence[CustomerResponse] = (), seen: CustomerResponse | None = None,
    uploads: Sequence[Upload] = (), preview: Preview | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The form with what was typed, why it was refused, and what was missed."""
    now = timezone.now()
    newest, last = _heard(row)
    ways = ways_of(newest, now)
    context = {
        "title": f"Answer {row.contact}",
        "conversation": row,
        "ways": ways,
        "is_open": any(way.is_open for way in ways),
        "first": ways[0].message if ways else None,
        "seen": missed[-1] if missed else seen or last,
        # The same answer is sent once, however often its form comes.
        "key": typed.get("key") or uuid4().hex,
        "typed": typed,
        "error": error,
        "missed": missed,
        "moments": snoozes(now),
        "uploads": uploads,
        "preview": preview,
        "takes_files": any(way.message.channel == InboxChannel.EMAIL for way in ways),
        "places": _places(ways[0].message if ways else None),
        "templates": _templates(request, row, ways[0].message if ways else None),
        "state": state_of(request.GET),
    }
    part = "#form" if request.htmx else ""
    return show(request, f"inbox/compose.html{part}", context, status=status)


def _templates(request: PageRequest, row: Conversation, to: CustomerResponse | None) -> list[Text]:
    """Approved ones of the channel, filled in for who wrote; those for what they want first."""
    if to is None:
        return []
    rows = ResponseTemplate.objects.filter(
        Q(channels=[]) | Q(channels__contains=[row.channel]), workspace=request.workspace,
        archived_at=None, approved_at__isnull=False,
    )  # fmt: skip
    found = sorted(
        rows.order_by("name")[:_MOST_TEMPLATES], key=lambda one: row.intent not in one.intents
    )
    texts = []
    for one in found:
        # One that cannot be filled in was broken since it was approved.
        with suppress(TemplateError):
            filled = filled_for(one, to)
            texts.append(Text(one.name, filled.text, ", ".join(filled.missing)))
    return texts


def _places(to: CustomerResponse | None) -> list[tuple[str, str]]:
    """What is known of who wrote, to be put into an answer."""
    values = values_for(to) if to else {}
    return [(label, values[name].strip()) for name, label in _PLACES.items() if name in values]


def message_of(row: Conversation, text: str) -> CustomerResponse:
    """The message of theirs that is answered.

    Raises
    ------
    AnswerError : there is none by this id in the conversation
    """
    rows = CustomerResponse.objects.select_related("workspace", "point__contact", "conversation")
    try:
        found = rows.filter(conversation=row, direction=Direction.IN, public_id=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise AnswerError("to", "Choose which message is answered.")
    return found


def chosen_files(request: PageRequest) -> list[Upload]:
    """Files that go with an answer: kept before, or sent with the form.

    Raises
    ------
    AnswerError : one is not there any more, or may not be sent
    """
    tokens = request.POST.getlist("file")
    kept = [upload_named(workspace=request.workspace, token=one) for one in tokens]
    return [*kept, *_uploaded(request)]


def _uploaded(request: PageRequest) -> list[Upload]:
    by, now = Proposer.person(request.user), timezone.now()
    return [
        upload(workspace=request.workspace, name=one.name or "file", content=one, by=by, now=now)
        for one in request.FILES.getlist("upload")
    ]


@require_POST
@page(Role.AGENT)
def add_files(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Keep files for an answer that is being written."""
    own_conversation(request, public_id)
    try:
        found = _uploaded(request)
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    return show(request, "inbox/_uploads.html", {"uploads": found})


@require_POST
@page(Role.AGENT)
def preview(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Show an answer as they will have it; nothing is sent."""
    row, typed = own_conversation(request, public_id), request.POST.dict()
    files: list[Upload] = []
    try:
        files = chosen_files(request)
        to = message_of(row, typed.get("to", ""))
        words = Words(
            typed.get("text", ""), typed.get("subject", ""), [file_of(one) for one in files]
        )
        check_files(to, words.files)
        text = written(to, words, request.user)
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    size = sms_size(text) if to.channel == InboxChannel.SMS else None
    seen = Preview(to, subject_of_answer(to, words), text, size)
    if request.htmx:
        return show(request, "inbox/_preview.html", {"preview": seen, "uploads": files})
    shown = shown_of(row, typed.get("seen", ""))
    return form_of(request, row, typed, seen=shown, uploads=files, preview=seen)
