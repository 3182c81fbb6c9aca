"""Calls that answer in public: network only, nothing here opens a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from django.conf import settings

from outreach.models import SocialFunnelEntry
from outreach.platforms.social.answers import Answers, build_answers
from outreach.selectors.answers import account_of
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.gate import Outcome, Reading
from workspaces.models import Connection, ConnectionStatus
from workspaces.platforms.errors import ErrorKind, PlatformError

Told = TypeVar("Told")

#: What each kind of error means for the gate, as for changes of ads.
_MEANING: Final = {
    ErrorKind.THROTTLED: "throttled",
    ErrorKind.TRANSIENT: "transient",
    ErrorKind.AUTH: "deferred",
    ErrorKind.PERMISSION: "refused",
    ErrorKind.INVALID: "refused",
    ErrorKind.ENTITY_LIMIT: "deferred",
    ErrorKind.GONE: "refused",
    ErrorKind.POLICY: "deferred",
    ErrorKind.UNKNOWN: "unknown",
}
_LATER_S: Final = 900.0


def is_answered(entry: SocialFunnelEntry, body: Mapping[str, Any]) -> Reading:
    """Look for our words below the comment."""

    def look(answers: Answers, account: str) -> str:
        return answers.find(account, body["comment"], body["reply"], entry.triggered_at)

    found = _asked(entry, look)
    if isinstance(found, PlatformError):
        return Reading("unknown", error=_outcome(found))
    if found:
        return Reading("after", facts={"reply": found}, words="Our reply stands there")
    return Reading("before", words="No reply of ours stands there")


def write(entry: SocialFunnelEntry, body: Mapping[str, Any]) -> Outcome:
    """Answer in public."""
    found = _asked(entry, lambda answers, _: answers.write(body["comment"], body["reply"]))
    if isinstance(found, PlatformError):
        return _outcome(found)
    return Outcome("applied", "It is answered.", facts={"reply": found})


def is_taken_back(entry: SocialFunnelEntry, body: Mapping[str, Any]) -> Reading:
    """Whether our answer is gone."""
    found = _asked(entry, lambda answers, _: answers.is_there(body["reply_id"]))
    if isinstance(found, PlatformError):
        return Reading("unknown", error=_outcome(found))
    if found:
        return Reading("before", words="Our reply stands there")
    return Reading("after", words="Our reply is gone")


def delete(entry: SocialFunnelEntry, body: Mapping[str, Any]) -> Outcome:
    """Delete our answer."""
    found = _asked(entry, lambda answers, _: answers.take_back(body["reply_id"]))
    if isinstance(found, PlatformError):
        return _outcome(found)
    return Outcome("applied", "The public reply is deleted.")


def _asked(entry: SocialFunnelEntry, ask: Callable[[Answers, str], Told]) -> Told | PlatformError:
    account = account_of(entry.engagement)
    if account is None:
        return PlatformError(ErrorKind.INVALID, "None of our accounts there was read yet.")
    try:
        answers = _answers(account.connection, account.platform)
    except PlatformError as error:
        return error
    try:
        return ask(answers, account.external_id)
    except PlatformError as error:
        return error
    finally:
        answers.close()


def _answers(connection: Connection, platform: str) -> Answers:
    if connection.status != ConnectionStatus.ACTIVE:
        raise PlatformError(ErrorKind.AUTH, f"{connection.name} is not connected any more.")
    try:
        secret = decrypt(connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    return build_answers(
        platform, secret=secret, base_url=connection.base_url or None,
        allow_loopback=settings.ALLOW_SANDBOX,
    )  # fmt: skip


def _outcome(error: PlatformError) -> Outcome:
    status = _MEANING[error.kind]
    wait = error.retry_after_s or (_LATER_S if status == "deferred" else None)
    return Outcome(
        status,  # type: ignore[arg-type]  # values are Outcome's words
        error.message, error_kind=error.kind.value, request_id=error.trace_id,
        retry_after_s=wait,
    )  # fmt: skip
