"""What the ground floor lets be found: changes of the queue, and pages by their name."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Func, QuerySet, TextField, Value
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.urls import reverse

from workspaces import scopes
from workspaces.finders import SHOWN, ByRows, Finder, Group, Hit, Question, register_finders
from workspaces.models import Proposal, Status
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.search import narrow, newest_of, typed_words
from workspaces.selectors_rows import kind_labels

PAGES: Final = "pages"
# Nobody looks for a page by these.
_SMALL: Final = frozenset(("and", "by", "of", "on", "to"))


def register() -> None:
    """Bring them."""
    register_finders([
        Finder("changes", "Changes", scopes.CHANGES_READ, ByRows(_rows, _hit), _all_changes,
               position=20),
    ])  # fmt: skip


def _rows(question: Question) -> list[QuerySet[Proposal]]:
    own = Proposal.objects.filter(workspace=question.workspace, kind__in=list(kind_labels()))
    told = JSONObject(
        title="summary", kind="kind", status="status",
        on=Func("created_at", Value("FMDD Mon YYYY"), function="to_char", output_field=TextField()),
    )  # fmt: skip
    found = newest_of(narrow(own, PROPOSAL_WORDS, question.text), question.most)
    return [found.annotate(told=told)]


def _hit(public_id: UUID, told: dict[str, Any]) -> Hit:
    note = f"{kind_labels()[told['kind']]}, {Status(told['status']).label.lower()}, {told['on']}"
    return Hit(str(public_id), told["title"], reverse("approvals-proposal", args=[public_id]), note)


def _all_changes(text: str) -> str:
    return f"{reverse('approvals')}?{urlencode({'q': text})}"


def pages_named(request: HttpRequest, text: str) -> list[Group]:
    """Pages of the sidebar whose names have words that begin so, as far as he may open them."""
    typed = [word.lower() for word in typed_words(text)]
    if not typed:
        return []
    hits = [
        Hit("", item["title"], str(item["link"]), group["title"])
        for group in settings.UNFOLD["SIDEBAR"]["navigation"]
        for item in group["items"]
        if _is_named(f"{group['title']} {item['title']}", typed) and _may_open(item, request)
    ]
    # What is called so comes before what only stands under such a heading.
    hits.sort(key=lambda hit: not _is_named(hit.title, typed))
    return [Group(PAGES, "Pages", hits[:SHOWN], has_more=False, all_url="")] if hits else []


def _is_named(name: str, typed: list[str]) -> bool:
    words = {word.lower() for word in typed_words(name)} - _SMALL
    return all(any(word.startswith(one) for word in words) for one in typed)


def _may_open(item: dict[str, Any], request: HttpRequest) -> bool:
    return "permission" not in item or bool(item["permission"](request))
