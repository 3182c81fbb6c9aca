"""What the ground floor lets be found: changes of the queue, and pages by their name."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from workspaces import scopes
from workspaces.finders import SHOWN, Finder, Group, Hit, Question, register_finders
from workspaces.models import Proposal
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.search import narrow, newest_of, typed_words
from workspaces.selectors_rows import kind_labels

PAGES: Final = "pages"
# Nobody looks for a page by these.
_SMALL: Final = frozenset(("and", "by", "of", "on", "to"))


def register() -> None:
    """Bring them."""
    register_finders(
        [Finder("changes", "Changes", scopes.CHANGES_READ, _changes, _all_changes, position=20)]
    )


def _changes(question: Question) -> list[Hit]:
    labels = kind_labels()
    rows = Proposal.objects.filter(workspace=question.workspace, kind__in=list(labels))
    found = newest_of(narrow(rows, PROPOSAL_WORDS, question.text), question.most)
    return [
        Hit(
            str(row.public_id), row.summary,
            reverse("approvals-proposal", args=[row.public_id]),
            f"{labels[row.kind]}, {row.get_status_display().lower()}, {row.created_at:%-d %b %Y}",
        )
        for row in found
    ]  # fmt: skip


def _all_changes(text: str) -> str:
    return f"{reverse('approvals')}?{urlencode({'q': text})}"


def pages_named(request: HttpRequest, text: str) -> list[Group]:
    """Pages of the sidebar whose names have words that begin so, as far as he may open them."""
    typed = [word.lower() for word in typed_words(text)]
    if not typed:
        return []
    hits = [
        Hit("", item["title"], str(item["link"]), group["title"])
        for group in settings.UNFOLD["SIDEBAR"]["navigation"]  # type: ignore[index]  # a plain dict
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
