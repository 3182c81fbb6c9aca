"""A POST that makes something may be sent again with its ``Idempotency-Key``: one effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workspaces import crypto
from workspaces.api.caller import Caller
from workspaces.models import IdempotencyRecord
from workspaces.services.clearing import IDEMPOTENCY_LIFE

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_LONGEST: Final = 200

P = ParamSpec("P")
View = TypeVar("View", bound=APIView)


class StillRunningError(APIException):
    """The first call with this key has not ended."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "A call with this Idempotency-Key is still running; try again in a moment."


class OtherRequestError(APIException):
    """The key stands for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was used for another request. Use a new key for a new request."
    )


def once(
    method: Callable[Concatenate[View, Request, P], Response],
) -> Callable[Concatenate[View, Request, P], Response]:
    """Make a POST safe to repeat: the answer is stored in the transaction of the effect.

    A refused call leaves nothing behind, so it may be repeated with its key.
    """

    @wraps(method)
    def wrapped(view: View, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = _key(request)
        if not key:
            return method(view, request, *args, **kwargs)
        caller = cast(Caller, request.auth)
        digest, now = _digest(request, caller), timezone.now()
        with transaction.atomic():
            _lock(f"{caller.workspace.pk}:{caller.owner}:{key}")
            if stored := _stored(caller, key, now):
                return _replay(stored, digest)
            response = method(view, request, *args, **kwargs)
            IdempotencyRecord.objects.create(
                workspace=caller.workspace,
                owner=caller.owner,
                key=key,
                request_hash=digest,
                status_code=response.status_code,
                # An answer may hold a secret that is shown once only.
                body=crypto.encrypt({"text": JSONRenderer().render(response.data).decode()}),
                created_at=now,
            )
        return response

    wrapped.is_once = True  # type: ignore[attr-defined]  # a test looks for it on every POST
    return cast(Callable[Concatenate[View, Request, P], Response], wrapped)


def _key(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if len(key) > _LONGEST or not (key.isascii() and key.isprintable()):
        raise ValidationError({HEADER: f"Use at most {_LONGEST} printable ASCII characters."})
    return key


def _digest(request: Request, caller: Caller) -> str:
    path = "/" + request.path.strip("/").replace("api/v1/", "api/", 1)
    body = json.dumps(_plain(request.data), sort_keys=True)
    text = "\n".join([str(request.method), path, caller.owner, body])
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(data: Any) -> Any:
    """Body as JSON; an uploaded file counts by its content."""
    if not hasattr(data, "lists"):
        return data
    return {name: [_part(part) for part in parts] for name, parts in data.lists()}


def _part(part: Any) -> str:
    if not isinstance(part, UploadedFile):
        return str(part)
    digest = hashlib.sha256()
    for chunk in part.chunks():
        digest.update(chunk)
    part.seek(0)
    return digest.hexdigest()


def _lock(name: str) -> None:
    """Hold the key until the transaction ends, or refuse at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1))", [f"idempotency:{name}"]
        )
        if not cursor.fetchone()[0]:
            raise StillRunningError


def _stored(caller: Caller, key: str, now: datetime) -> IdempotencyRecord | None:
    record = IdempotencyRecord.objects.filter(
        workspace=caller.workspace, owner=caller.owner, key=key
    ).first()
    if record is not None and record.created_at <= now - IDEMPOTENCY_LIFE:
        record.delete()
        return None
    return record


def _replay(record: IdempotencyRecord, digest: str) -> Response:
    if record.request_hash != digest:
        raise OtherRequestError
    body = json.loads(crypto.decrypt(record.body)["text"])
    return Response(body, status=record.status_code, headers={REPLAYED: "true"})
