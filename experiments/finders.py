"""What experiments let be found: tests by name, key or hypothesis."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse

from experiments.models import ABTest, ABTestStatus
from workspaces import scopes
from workspaces.finders import ByRows, Finder, Hit, Question, register_finders
from workspaces.search import with_words


def register() -> None:
    """Bring them."""
    register_finders([
        Finder("tests", "Tests", scopes.EXPERIMENTS_READ, ByRows(_rows, _hit), _all_tests,
               position=60),
    ])  # fmt: skip


def _rows(question: Question) -> list[QuerySet[ABTest]]:
    own = ABTest.objects.filter(workspace=question.workspace)
    found = with_words(own, question.words, "name", "key", "hypothesis")
    told = JSONObject(name="name", status="status")
    return [found.annotate(told=told).order_by("-pk")[: question.most]]


def _hit(public_id: UUID, told: dict[str, Any]) -> Hit:
    url = reverse("experiment", args=[public_id])
    return Hit(str(public_id), told["name"], url, ABTestStatus(told["status"]).label)


def _all_tests(text: str) -> str:
    return f"{reverse('experiments')}?{urlencode({'q': text})}"
