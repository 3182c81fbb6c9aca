"""The Graph API's error envelope and the errors of the Marketing API."""

from __future__ import annotations

import hashlib

from sandbox.context import Refusal
from sandbox.web import Answer, JsonObject


def graph_error(  # the fields of the envelope
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    title: str = "",
    user_message: str = "",
    blame: str = "",
    is_transient: bool = False,
    status: int = 400,
    headers: dict[str, str] | None = None,
    keep: bool = False,
) -> Refusal:
    """Build an error answer to raise."""
    trace = hashlib.sha256(f"{code}:{subcode}:{message}".encode()).hexdigest()[:22]
    error: JsonObject = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "is_transient": is_transient,
        "fbtrace_id": f"A{trace}",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    if title:
        error["error_user_title"] = title
        error["error_user_msg"] = user_message or message
    if blame:
        error["error_data"] = {"blame_field_specs": [[blame]]}
    return Refusal(Answer.json({"error": error}, status, headers), keep=keep)


def unknown_object(object_id: str) -> Refusal:
    """Nothing with this id, or not for this token."""
    return graph_error(
        100,
        f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation.",
        subcode=33,
    )


def invalid(blame: str, message: str, *, code: int = 100, subcode: int = 1885621) -> Refusal:
    """A parameter that cannot be taken."""
    return graph_error(
        code,
        "Invalid parameter",
        subcode=subcode,
        title="Invalid value",
        user_message=message,
        blame=blame,
    )


def bad_token() -> Refusal:
    """A token that opens nothing."""
    return graph_error(190, "Invalid OAuth access token - Cannot parse access token", subcode=467)


def budget_rate() -> Refusal:
    """Too many budget changes of one ad set."""
    return graph_error(
        613,
        "Calls to this api have exceeded the rate limit.",
        subcode=1487632,
        title="Ad set budget changed too many times",
        user_message="You can change the budget of an ad set 4 times per hour. Wait an hour.",
        keep=True,
    )


def account_score(*, subcode: int = 2446079) -> Refusal:
    """The account's call score is used up."""
    return graph_error(
        17,
        "User request limit reached",
        subcode=subcode,
        title="Ad account has too many API calls",
        user_message="There have been too many calls from this ad account. Wait a bit.",
        is_transient=True,
        keep=True,
    )
