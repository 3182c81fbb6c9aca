"""What experiments let be found: tests by name, key or hypothesis."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from experiments.models import ABTest
from workspaces import scopes
from workspaces.finders import Finder, Hit, Question, register_finders
from workspaces.search import with_words


def register() -> None:
    """Bring them."""
    register_finders(
        [Finder("tests", "Tests", scopes.EXPERIMENTS_READ, _tests, _all_tests, position=60)]
    )


def _tests(question: Question) -> list[Hit]:
    own = ABTest.objects.filter(workspace=question.workspace)
    found = with_words(own, question.words, "name", "key", "hypothesis")
    return [
        Hit(str(row.public_id), row.name, reverse("experiment", args=[row.public_id]),
            row.get_status_display())
        for row in found.order_by("-pk")[: question.most]
    ]  # fmt: skip


def _all_tests(text: str) -> str:
    return f"{reverse('experiments')}?{urlencode({'q': text})}"
