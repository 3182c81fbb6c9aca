"""What a caller may do: every view names the scope of each of its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from workspaces.api.caller import (
    AGENTS_ONLY,
    AGENTS_PROPOSE,
    PEOPLE_ONLY,
    Caller,
    callers_of,
)

if TYPE_CHECKING:  # views load the settings, which load this module
    from rest_framework.views import APIView

ANY_SCOPE = ""  # whoever is known


class HasScope(BasePermission):
    """Refuse callers without the scope of the method; a method without one is refused to all."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Look the scope up; ``view.scopes`` maps methods to it."""
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        scopes: dict[str, str] = getattr(view, "scopes", {})
        if method == "OPTIONS" or method not in view.allowed_methods:
            return True  # answered with 405
        if method not in scopes:
            return False
        if scopes[method] == ANY_SCOPE:
            return True
        self.message = caller.lacks(scopes[method]) or _refused(caller, view, method)
        return not self.message


def _refused(caller: Caller, view: APIView, method: str) -> str:
    """Why a caller of this kind is refused, in words; empty when it is not."""
    kinds = callers_of(view, method)
    if caller.kind in kinds:
        return ""
    if kinds == ["agent"]:
        return AGENTS_ONLY
    return AGENTS_PROPOSE if caller.is_agent else PEOPLE_ONLY
