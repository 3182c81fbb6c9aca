"""OpenAPI 3.1: scopes, problem answers and repeat keys, drawn from the code that enforces them."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.serializers import ListSerializer

from workspaces.api import examples
from workspaces.api.caller import CallerKind, callers_of
from workspaces.api.idempotency import HEADER
from workspaces.api.problems import MEDIA_TYPE

_ALIASES: Final = ("/api/v1/", "/api/conversion/", "/api/paid/", "/api/ab-tests/create/")
_WORDS: Final = {
    "400": "A field is wrong; `errors` names it.",
    "401": "No key, or one that is unknown, revoked or expired.",
    "403": "The key's scopes or the person's role do not allow it.",
    "404": "There is no such thing in this workspace.",
    "409": "The state of things does not allow it.",
    "422": "Ambiguous, or an Idempotency-Key of another request.",
    "429": "Too many calls; `Retry-After` says when to go on.",
}


class FieldErrorOut(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class ProblemOut(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(required=False, help_text="stale_plan, subject_busy, …")
    errors = FieldErrorOut(many=True, required=False)  # type: ignore[assignment]  # RFC 9457 names it


class ProblemAutoSchema(AutoSchema):
    """Adds what every path shares."""

    def is_excluded(self) -> bool:
        """Leave out the aliases: each operation stands once."""
        return bool(self.path.startswith(_ALIASES) or super().is_excluded())

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Rows come page by page where the address ends in no id, or where the view says many."""
        if isinstance(serializer, ListSerializer):
            return True
        if hasattr(self.view, "page") and self.method == "GET":
            return not self.path.endswith("}/")
        return bool(super()._is_list_view(serializer))

    def get_description(self) -> str:  # type: ignore[override]  # the library drops the arguments
        """Say which scope the operation needs."""
        scopes: dict[str, str] = getattr(self.view, "scopes", {})
        scope = scopes.get(self.method, "")
        needs = f"Needs the scope `{scope}`." if scope else ""
        told = (super().get_description() or "", needs, self._callers_in_words())
        return "\n\n".join(part for part in told if part)

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Tell programs who may call it, where not everybody may."""
        told: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        kinds = callers_of(self.view, self.method)
        if told is not None and len(kinds) < len(get_args(CallerKind)):
            told["x-callers"] = kinds
        return told

    def _callers_in_words(self) -> str:
        kinds = callers_of(self.view, self.method)
        if kinds == ["person"]:
            return "For people: a session, or a key that is bound to a person."
        if kinds == ["agent"]:
            return "For keys of the kind *agent*."
        return "" if "agent" in kinds else "Not for keys of the kind *agent*."

    def get_override_parameters(self) -> list[Any]:
        """Offer the repeat key where it is honoured."""
        given = list(super().get_override_parameters())
        if getattr(getattr(self.view, self.method.lower(), None), "is_once", False):
            given.append(
                OpenApiParameter(
                    HEADER,
                    str,
                    OpenApiParameter.HEADER,
                    description="The same key and body again within 24 hours: the same answer,"
                    " one effect.",
                )
            )
        return given

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if not getattr(self.view, "scopes", {}):
            return bodies
        problem = self.resolve_serializer(ProblemOut, direction).ref
        for code in self._problem_codes():
            content = {MEDIA_TYPE: {"schema": problem}}
            if code == "400":
                content[MEDIA_TYPE]["examples"] = {"Field": {"value": examples.PROBLEM.value}}
            bodies.setdefault(code, {"description": _WORDS[code], "content": content})
        return bodies

    def _problem_codes(self) -> list[str]:
        codes = ["400", "401", "403", "429"]
        if "{" in self.path:
            codes.append("404")
        if self.method not in {"GET", "HEAD"}:
            codes += ["409", "422"]
        return sorted(codes)


class _KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library
    target_class = "workspaces.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <key>`; keys are made by admins, per workspace.",
        }


class _SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library
    target_class = "workspaces.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the cookie."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The browser's log-in; changes need the CSRF token.",
        }
