"""What an API that says no raises: problem details (RFC 9457) as exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ProblemError(Exception):
    """A refusal. ``errors`` names fields with what is wrong; ``body`` is all that was said."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.body = dict(body)
        self.detail = str(body.get("detail") or body.get("title") or f"HTTP {status}")
        self.code = str(body.get("code", ""))
        self.errors: list[tuple[str, str]] = [
            (str(one.get("field", "")), str(one.get("message", "")))
            for one in body.get("errors", ())
        ]
        super().__init__(f"{status}: {self.detail}")


class InvalidError(ProblemError):
    """400 or 422: a field is wrong, or an idempotency key belongs to another request."""


class NotAuthenticatedError(ProblemError):
    """401: no key, or one that is unknown, revoked or expired."""


class NotAllowedError(ProblemError):
    """403: the key's scopes or the person's role do not allow it."""


class NotFoundError(ProblemError):
    """404: there is no such thing in this workspace."""


class ConflictError(ProblemError):
    """409: the state of things does not allow it."""


class StalePlanError(ConflictError):
    """409 with ``stale_plan``: look at ``proposal`` and sign that."""

    @property
    def proposal(self) -> dict[str, Any]:
        """The proposal as it stands now."""
        return dict(self.body.get("proposal", {}))


class TooManyCallsError(ProblemError):
    """429: wait for ``retry_after_s`` seconds."""

    retry_after_s: float = 0.0


class ServerFaultError(ProblemError):
    """5xx: the server failed; it is logged there."""


_BY_STATUS: Mapping[int, type[ProblemError]] = {
    400: InvalidError, 401: NotAuthenticatedError, 403: NotAllowedError, 404: NotFoundError,
    409: ConflictError, 422: InvalidError, 429: TooManyCallsError,
}  # fmt: skip


def problem_of(status: int, body: Mapping[str, Any], retry_after_s: float = 0.0) -> ProblemError:
    """Exception of an answer."""
    if status == 409 and body.get("code") == "stale_plan":
        return StalePlanError(status, body)
    kind = _BY_STATUS.get(status, ServerFaultError if status >= 500 else ProblemError)
    error = kind(status, body)
    if isinstance(error, TooManyCallsError):
        error.retry_after_s = retry_after_s
    return error
