"""Slack, as far as alerts go: an incoming webhook and `chat.postMessage`."""

from __future__ import annotations

from sandbox import messages
from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.faults import Rule
from sandbox.web import Answer, JsonObject, Request

PLAIN = {"Content-Type": "text/plain"}


def is_write(request: Request) -> bool:
    """Whether the call changes something."""
    return request.method == "POST"


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform: it has none of its own."""
    return None


def handle(context: Context) -> Answer:
    """Answer one call; an account's token is the end of its webhook's path, or a bearer token.

    Raises
    ------
    Refusal : as Slack refuses
    """
    request = context.request
    match request.method, request.segments:
        case "POST", ["services", *rest]:
            account = _account(context, "/".join(rest))
            body = _body(context)
            if account is None:
                raise _plain(404, "no_team")
            if not body.get("text") and not body.get("blocks"):
                raise _plain(400, "no_text")
            _keep(context, account, account.id, body)
            return Answer(200, b"ok", PLAIN)
        case "POST", ["api", "chat.postMessage"]:
            account = _account(context, request.bearer)
            if account is None:
                return Answer.json({"ok": False, "error": "invalid_auth"})
            body = _body(context)
            stamp = f"{context.now:.6f}"
            _keep(context, account, str(body.get("channel", "")), body)
            return Answer.json({"ok": True, "channel": body.get("channel"), "ts": stamp})
    raise _plain(404, "unknown_method")


def _account(context: Context, token: str) -> Account | None:
    accounts = context.store.accounts("slack")
    return next((account for account in accounts if token and account.token == token), None)


def _body(context: Context) -> JsonObject:
    try:
        return context.request.json()
    except ValueError:
        raise _plain(400, "invalid_payload") from None


def _keep(context: Context, account: Account, channel: str, body: JsonObject) -> None:
    message_id = messages.new_id(context.store, account, "alert")
    messages.keep(context.store, account, message_id, "", channel, body)


def _plain(status: int, text: str) -> Refusal:
    return Refusal(Answer(status, text.encode(), PLAIN))
