"""Texts: a gallery of them, an editor with a preview as one types, versions."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from experiments.engine.practices.drafts import Profile, check
from experiments.engine.practices.traits import Piece
from experiments.selectors.practice_board import practices_for, profile_of
from outreach.models import (
    ChannelTemplate,
    Contact,
    Markup,
    MessageChannel,
    TemplateCategory,
    TemplateStatus,
    TemplateVersion,
)
from outreach.selectors.text_looks import Draft, look_at
from outreach.selectors.texts import (
    PAGE_ROWS,
    TABS,
    TextRates,
    counts_of,
    differences,
    rates_by_template,
    rates_by_version,
    texts_of,
    used_in,
)
from outreach.services.texts.starting import add_starters
from outreach.services.texts.writing import (
    activate_text,
    archive_text,
    change_details,
    copy_text,
    create_text,
    save_version,
)
from outreach.views.text_form import HINTS, TYPES, VariableRow, parts_of, rows_of, rows_of_version
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_GALLERY: Final = "outreach/texts/gallery.html"
_EDITOR: Final = "outreach/texts/editor.html"
_PROFILE_KEPT_S: Final = 300
_REFUSALS: Final = (RefusedError, GateError, ValidationError)


@require_safe
@page(Role.VIEWER)
def gallery(request: PageRequest) -> HttpResponse:
    """Texts by state, with what became of messages that they were sent in."""
    workspace = request.workspace
    counts = counts_of(workspace)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = next((name for name in TABS if counts[name]), TemplateStatus.ACTIVE)
    rows = texts_of(workspace, {**request.GET.dict(), "status": tab})
    found = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page", ""))
    rates = rates_by_template(workspace, [row.pk for row in found])
    context = {
        "title": "Templates",
        "tab": tab,
        "tabs": [(key, label, counts[key]) for key, label in TABS.items()],
        "has_any": any(counts.values()),
        "rows": found,
        "cards": [(row, rates.get(row.pk, TextRates())) for row in found],
        "channels": MessageChannel.choices,
        "categories": TemplateCategory.choices,
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, _GALLERY, context)


@page(Role.OPERATOR)
def new(request: PageRequest) -> HttpResponse:
    """Name a text and say for which channel; the editor does the rest."""
    context: dict[str, Any] = {
        "title": "New template", "channels": MessageChannel.choices,
        "categories": TemplateCategory.choices, "given": request.POST,
    }  # fmt: skip
    if request.method != "POST":
        return show(request, "outreach/texts/new.html", context)
    values = {name: request.POST.get(name, "") for name in ("name", "channel", "category")}
    try:
        made = create_text(workspace=request.workspace, values=values, **_by(request))
    except ValidationError as error:
        context["errors"] = sentences(error)
        return show(request, "outreach/texts/new.html", context, status=400)
    return redirect("text", made.public_id)


@require_POST
@page(Role.OPERATOR)
def starters(request: PageRequest) -> HttpResponse:
    """Put the starters beside what is there."""
    count = add_starters(workspace=request.workspace, **_by(request))
    messages.success(request, f"{count} drafts added." if count else "They are all there already.")
    return redirect("texts")


@require_safe
@page(Role.VIEWER)
def text(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One text: words to edit, how they look, versions, where it is used."""
    template = own_text(request, public_id)
    newest = template.versions.order_by("-number").first()
    return _draw(request, template, newest, rows_of_version(newest), newest)


@require_POST
@page(Role.VIEWER)
def preview(request: PageRequest, public_id: UUID) -> HttpResponse:
    """How the words of the form look to somebody; nothing is kept."""
    template = own_text(request, public_id)
    draft = Draft(template.channel, template.category, **parts_of(request.POST.dict()))
    return show(request, "outreach/texts/_look.html", _look(request, draft))


@require_POST
@page(Role.OPERATOR)
def save(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Keep the words of the form as the next version, and use them if that was pressed."""
    template = own_text(request, public_id)
    given = request.POST.dict()
    parts, based_on = parts_of(given), given.get("based_on", "")
    try:
        saved = save_version(
            template=template, values=parts, **_by(request),
            based_on=int(based_on) if based_on.isdecimal() else None,
        )  # fmt: skip
        if given.get("do") == "use":
            activate_text(template=template, version=saved, **_by(request))
    except _REFUSALS as error:
        newest = template.versions.order_by("-number").first()
        written = TemplateVersion(template=template, **parts)
        return _draw(request, template, written, rows_of(given), newest, errors=sentences(error))
    what = "is in use" if given.get("do") == "use" else "is saved"
    messages.success(request, f"Version {saved.number} {what}.")
    return redirect("text", public_id)


@require_safe
@page(Role.VIEWER)
def versions(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Every version with how it fared, and how two of them differ."""
    template = own_text(request, public_id)
    rows = list(template.versions.order_by("-number")[:100])
    after = _numbered(rows, request.GET.get("b", "")) or (rows[0] if rows else None)
    older = [row for row in rows if after and row.number < after.number]
    before = _numbered(rows, request.GET.get("a", "")) or (older[0] if older else None)
    rates = rates_by_version(request.workspace, template)
    context = {
        "title": template.name,
        "template": template,
        "cards": [(row, rates.get(row.pk, TextRates())) for row in rows],
        "before": before,
        "after": after,
        "changes": differences(before, after) if before and after else [],
        "may_write": _may_write(request, template),
    }
    return show(request, "outreach/texts/versions.html", context)


@require_POST
@page(Role.OPERATOR)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Use a version, rename, copy or archive a text."""
    template, given = own_text(request, public_id), request.POST
    leads_to = template
    try:
        if action == "use":
            chosen = _numbered(list(template.versions.all()), given.get("version", ""))
            activate_text(template=template, version=chosen, **_by(request))
            messages.success(request, "New sends use this version.")
        elif action == "details":
            names = [name for name in ("name", "category", "provider_key") if name in given]
            values = {name: given[name] for name in names}
            change_details(template=template, values=values, **_by(request))
            messages.success(request, "Saved.")
        elif action == "subject":
            saved = save_version(
                template=template, values={"subject": given.get("subject", "")}, **_by(request)
            )
            messages.success(
                request, f"Version {saved.number} has that subject; use it if you like."
            )
        elif action == "copy":
            leads_to = copy_text(template=template, **_by(request))
            messages.success(request, f"“{leads_to.name}” is a draft.")
        elif action == "archive":
            archive_text(template=template, **_by(request))
            messages.success(request, f"“{template.name}” is put away.")
            return redirect("texts")
        else:
            raise Http404("There is no such action.")
    except _REFUSALS as error:
        for sentence in sentences(error):
            messages.error(request, sentence)
    return redirect("text", leads_to.public_id)


def _by(request: PageRequest) -> dict[str, Any]:
    return {"by": Proposer.person(request.user), "now": timezone.now()}


def own_text(request: PageRequest, public_id: UUID) -> ChannelTemplate:
    """A text of the workspace, or 404."""
    row = ChannelTemplate.objects.filter(workspace=request.workspace, public_id=public_id)
    found = row.select_related("workspace", "current").first()
    if found is None:
        raise Http404("There is no such template.")
    return found


def _may_write(request: PageRequest, template: ChannelTemplate) -> bool:
    is_open = template.status != TemplateStatus.ARCHIVED
    return is_open and has_role(request, Role.OPERATOR)


def _numbered(rows: list[TemplateVersion], number: str) -> TemplateVersion | None:
    return next((row for row in rows if str(row.number) == number), None)


def _draw(
    request: PageRequest,
    template: ChannelTemplate,
    written: TemplateVersion | None,
    rows: list[VariableRow],
    newest: TemplateVersion | None,
    *,
    errors: list[str] | None = None,
) -> HttpResponse:
    rates = rates_by_template(request.workspace, [template.pk])
    context = {
        "title": template.name,
        "template": template,
        "written": written or TemplateVersion(),
        "newest": newest,
        "variables": rows,
        "types": TYPES,
        "hints": HINTS,
        "markups": Markup.choices,
        "categories": TemplateCategory.choices,
        "is_mail": template.channel == MessageChannel.EMAIL,
        "errors": errors or [],
        "rates": rates.get(template.pk, TextRates()),
        "uses": used_in(template),
        "may_write": _may_write(request, template),
        "may_copy": has_role(request, Role.OPERATOR),
        **_look(request, Draft.of(template, written)),
    }
    return show(request, _EDITOR, context, status=400 if errors else 200)


def _look(request: PageRequest, draft: Draft) -> dict[str, Any]:
    """What the preview shows: for the contact that was searched for, else with samples."""
    words = (request.POST.get("recipient") or request.GET.get("recipient") or "").strip()
    contact = recipient_of(request, words) if words else None
    look = look_at(draft, workspace=request.workspace, contact=contact)
    return {
        "look": look,
        "recipient": words,
        "contact": contact,
        "remarks": _remarks(request, draft, look.rendered),
        "has_words": bool(draft.subject or draft.text or draft.body),
    }


def recipient_of(request: PageRequest, words: str) -> Contact | None:
    """The contact of an address or a name."""
    rows = Contact.objects.filter(workspace=request.workspace, archived_at=None)
    named = Q(points__address__iexact=words) | Q(first_name__iexact=words)
    return rows.filter(named | Q(last_name__iexact=words)).order_by("pk").first()


def _remarks(request: PageRequest, draft: Draft, rendered: Any) -> list[Any]:
    """What proven practices and the best messages say of it."""
    if rendered is None or not (rendered.subject or rendered.text):
        return []
    piece = Piece(headline=rendered.subject[:300], body=rendered.text[:5_000])
    profile = _profile(request, draft.channel)
    practices = practices_for(request.workspace, draft.channel)
    return check(piece, profile=profile, practices=practices)


def _profile(request: PageRequest, channel: str) -> Profile | None:
    """What the best messages have in common: of a year, so it is not reckoned at every letter."""
    key = f"text-profile:{request.workspace.pk}:{channel}"
    kept: tuple[Profile | None] | None = cache.get(key)
    if kept is None:
        kept = (profile_of(request.workspace, channel, timezone.now()),)
        cache.set(key, kept, _PROFILE_KEPT_S)
    return kept[0]


def sentences(error: Exception) -> list[str]:
    """What a refusal says, with the part that each sentence is about."""
    if isinstance(error, ValidationError) and hasattr(error, "message_dict"):
        return [f"{field.capitalize()}: {one}" for field, told in error.message_dict.items()
                for one in told]  # fmt: skip
    return [str(error)]
