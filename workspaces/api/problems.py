"""Every refusal as problem details (RFC 9457), with a sentence that says what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from workspaces.api.idempotency import HEADER
from workspaces.api.proposal_serializers import ProposalOut
from workspaces.away import is_away
from workspaces.gate import GateError, RequestError, StalePlanError
from workspaces.services.proposing import SubjectBusyError
from workspaces.services.refusals import RefusedError

MEDIA_TYPE = "application/problem+json"
# However often they are sent.
_ONE_EFFECT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_COME_BACK_S: Final = 5
Json = dict[str, Any]


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn a refusal into its answer; ``None`` (a fault of ours) is raised on."""
    problem = _problem(error)
    if problem is None:
        return None
    set_rollback()
    status, body = problem
    response = Response(_complete(status, body), status=status, content_type=MEDIA_TYPE)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(max(1, int(wait)))
    return response


def _problem(error: Exception) -> tuple[int, Json] | None:
    if isinstance(error, Http404):
        return 404, {"detail": "There is no such thing in this workspace."}
    if isinstance(error, DjangoPermissionDenied):
        return 403, {"detail": str(error) or "You may not do that."}
    if isinstance(error, DjangoValidationError):
        return _invalid(list(_of_django(error)))
    if isinstance(error, exceptions.ValidationError):
        return _invalid(list(of_drf(error.detail)))
    if isinstance(error, exceptions.APIException):
        return error.status_code, {"detail": _sentence(error.detail)}
    if isinstance(error, GateError):
        return _of_gate(error)
    if isinstance(error, RefusedError):
        if field := getattr(error, "field", ""):
            return _invalid([(field, str(error))])
        return error.status, {"detail": str(error)}
    return None


def _of_gate(error: GateError) -> tuple[int, Json]:
    if isinstance(error, RequestError):
        _, invalid = _invalid([(error.field, str(error))])
        return error.status, invalid
    body: Json = {"detail": str(error)}
    if isinstance(error, StalePlanError):
        body["code"] = "stale_plan"
        body["proposal"] = dict(ProposalOut(error.proposal).data)
    if isinstance(error, SubjectBusyError):
        body["code"] = "subject_busy"
        body["other"] = str(error.other.public_id)
    return error.status, body


def _invalid(errors: list[tuple[str, str]]) -> tuple[int, Json]:
    fields = sorted({field for field, _ in errors if field})
    named = f" Look at: {', '.join(fields)}." if fields else ""
    return 400, {
        "detail": f"The request is not valid.{named}",
        "errors": [{"field": field, "message": message} for field, message in errors],
    }


def _of_django(error: DjangoValidationError) -> Iterator[tuple[str, str]]:
    if not hasattr(error, "error_dict"):
        yield from (("", message) for message in error.messages)
        return
    for field, messages in error.message_dict.items():
        yield from (("" if field == "__all__" else field, message) for message in messages)


def of_drf(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Fields with what is wrong of each, of the errors of a serializer."""
    if isinstance(detail, dict):
        for key, part in detail.items():
            is_whole = key == "non_field_errors"
            yield from of_drf(part, path if is_whole else f"{path}.{key}".strip("."))
    elif isinstance(detail, list):
        for index, part in enumerate(detail):
            is_nested = isinstance(part, dict | list)
            yield from of_drf(part, f"{path}.{index}".strip(".") if is_nested else path)
    else:
        yield path, str(detail)


def _sentence(detail: Any) -> str:
    return " ".join(message for _, message in of_drf(detail))


def _complete(status: int, body: Json) -> Json:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        **body,
    }


def answer(status: int, detail: str) -> HttpResponse:
    """Problem outside of a view, for paths that do not exist and faults of ours."""
    body = _complete(status, {"detail": detail})
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def not_found(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer for what is no path of this API."""
    return answer(404, "There is no such path. /api/docs/ lists all of them.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Problem details for programs, a page for people; what went wrong is in the log alone."""
    if is_away(sys.exception()):
        return _out_of_reach(request)
    if request.path.startswith("/api/"):
        return answer(500, "The server failed on this request. It is logged; try again later.")
    return defaults.server_error(request)


def _out_of_reach(request: HttpRequest) -> HttpResponse:
    """503 where the call may be sent again as it is, 504 where nobody knows what became of it."""
    may_repeat = request.method in _ONE_EFFECT or HEADER in request.headers
    response: HttpResponse
    if not request.path.startswith("/api/"):
        response = HttpResponse(render_to_string("503.html"), status=503)
    elif may_repeat:
        response = answer(503, "The database or Redis does not answer. Send the call again.")
    else:
        response = answer(
            504, "The database or Redis does not answer. Look whether it was done, then try again."
        )
    response["Retry-After"] = str(_COME_BACK_S)
    return response
