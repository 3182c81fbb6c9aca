"""Which variants a unit gets, over REST."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.engine.web_agents import agent_of
from attribution.site_door import SiteCaller, SiteKeyAuthentication, SiteView, origin_of
from experiments.engine.assignment import Reason
from experiments.engine.targeting import Facts
from experiments.selectors.served import Served, assigned, served_tests
from workspaces import scopes
from workspaces.api.authentication import ApiKeyAuthentication, SessionAuthentication
from workspaces.api.permissions import HasScope

TAG: Final = ["Experiments"]
_FORCED: Final = r"^[a-z0-9_-]{1,40}:[a-z0-9_-]{1,40}$"


class AssignQuery(serializers.Serializer[Any]):
    """Who asks, and what is known of him."""

    unit = serializers.CharField(
        max_length=120, help_text="Visitor, user or contact; always the same name for the same one."
    )
    test = serializers.CharField(
        required=False,
        max_length=40,
        help_text="Key of one test; all that run, where it is missing.",
    )
    url = serializers.CharField(
        required=False, max_length=2000, help_text="Page that the unit is on, for tests of pages."
    )
    device = serializers.ChoiceField(["desktop", "mobile", "tablet", "other"], required=False)
    country = serializers.RegexField("^[A-Za-z]{2}$", required=False, help_text="Two letters.")
    customer_type = serializers.ChoiceField(["new", "returning", "existing"], required=False)
    cs_variant = serializers.RegexField(
        _FORCED, required=False, help_text="test:variant to look at; never to be counted."
    )
    site = serializers.CharField(
        required=False, max_length=40, help_text="A website's key, where no API key is sent."
    )


class AssignedOut(serializers.Serializer[Any]):
    """A test and the unit's variant of it."""

    test = serializers.CharField()
    variant = serializers.CharField(allow_null=True, help_text="Null: the unit is not in the test.")
    reason = serializers.ChoiceField([str(reason) for reason in Reason])
    config = serializers.JSONField(allow_null=True, help_text="What the variant changes.")


class AssignmentsOut(serializers.Serializer[Any]):
    """Variants of a unit, the test that began first first."""

    unit = serializers.CharField()
    assignments = AssignedOut(many=True)


class Assign(SiteView):
    """Variants of one unit, for an API key, a person, or a website by its key."""

    scopes = {"GET": scopes.EXPERIMENTS_READ}

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Take a website's key where one is named."""
        request = getattr(self, "request", None)
        if request is not None and ("site" in request.GET or "X-Site-Key" in request.headers):
            return [SiteKeyAuthentication()]
        return [ApiKeyAuthentication(), SessionAuthentication()]

    def get_permissions(self) -> list[BasePermission]:
        """Ask for the scope; a website's key has that of this path."""
        return [HasScope()]

    def check_throttles(self, request: Request) -> None:
        """Count a website's calls as what comes from browsers, all others as reading."""
        is_site = isinstance(request.auth, SiteCaller)
        self.throttle_group = "ingest" if is_site else ""
        super().check_throttles(request)
        if is_site:
            self.hold_rate(origin_of(request._request))

    @extend_schema(
        tags=TAG,
        operation_id="ab_tests_assign",
        summary="Show which variants a unit gets",
        parameters=[AssignQuery],
        responses=AssignmentsOut,
    )
    def get(self, request: Request) -> Response:
        """Tests that run; whoever met a variant keeps it. Nothing is counted by asking."""
        query = self.read_query(AssignQuery)
        site = self.site if isinstance(request.auth, SiteCaller) else None
        served = served_tests(self.workspace, site=site)
        if key := query.get("test"):
            served = _only(served, key)
        forced = dict([query["cs_variant"].split(":")]) if query.get("cs_variant") else {}
        unit = query["unit"]
        found = assigned(self.workspace, unit, self._facts(query), served, forced)
        shown = [
            {
                "test": one.test.key,
                "variant": assignment.variant,
                "reason": assignment.reason,
                "config": one.config_of(assignment.variant),
            }
            for one, assignment in found
        ]
        return Response(AssignmentsOut({"unit": unit, "assignments": shown}).data)

    def _facts(self, query: dict[str, Any]) -> Facts:
        """What is told; of a browser also what its connection tells."""
        device, country = query.get("device", ""), query.get("country", "").upper()
        if self.request.headers.get("Origin") and isinstance(self.request.auth, SiteCaller):
            origin = origin_of(self.request._request)
            device = device or agent_of(origin.user_agent).device
            country = country or origin.country
        return Facts(device, country, query.get("customer_type", ""), query.get("url", ""))


def _only(served: list[Served], key: str) -> list[Served]:
    named = [one for one in served if one.test.key == key and one.is_open]
    if not named:
        raise Http404
    return named
