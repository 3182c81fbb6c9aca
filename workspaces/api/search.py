"""One search over everything that the caller may read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces.api.permissions import ANY_SCOPE
from workspaces.api.views import ApiView
from workspaces.finders import LONGEST, SHOWN, Question, clean, finders, search


class SearchQuery(serializers.Serializer[Any]):
    """What is looked for."""

    q = serializers.CharField(
        max_length=LONGEST, required=False, allow_blank=True, default="",
        help_text="Words; each has to begin a word of what is looked for.",
    )  # fmt: skip


class SearchHitOut(serializers.Serializer[Any]):
    """Something that was found."""

    id = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    url = serializers.CharField(help_text="Its page, from the root of this site.")


class SearchGroupOut(serializers.Serializer[Any]):
    """What was found of a kind."""

    key = serializers.CharField()
    name = serializers.CharField(source="label")
    is_slow = serializers.BooleanField(help_text="Looking took too long; results may be missing.")
    has_more = serializers.BooleanField()
    url = serializers.CharField(source="all_url", help_text="The list that shows all of them.")
    results = SearchHitOut(source="hits", many=True)


class SearchOut(serializers.Serializer[Any]):
    """Groups with something in them, or without an answer in time."""

    q = serializers.CharField(allow_blank=True)
    groups = SearchGroupOut(many=True)


class SearchAll(ApiView):
    """Everything by words."""

    scopes = {"GET": ANY_SCOPE}

    @extend_schema(
        tags=["Workspace"], operation_id="search", summary="Search everything",
        parameters=[SearchQuery], responses=SearchOut,
        description=(
            f"People, changes, campaigns and ads, conversations, messages, tests and texts, up to"
            f" {SHOWN} each: those that the caller's scopes let read."
        ),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What was found of each kind that the caller may read."""
        text = clean(self.read_query(SearchQuery)["q"])
        asked = [finder for finder in finders() if not self.caller.lacks(finder.scope)]
        groups = search(Question(self.workspace, text), asked)
        return Response(SearchOut({"q": text, "groups": groups}).data)
