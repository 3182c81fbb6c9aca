"""Twilio's REST API for messages: sending, reading one, looking up."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from sandbox import messages
from sandbox.context import Context
from sandbox.entities import Account
from sandbox.messages import Message
from sandbox.twilio import texts
from sandbox.twilio.errors import fail, fault_answer
from sandbox.web import Answer, JsonObject, Request, as_object

__all__ = ("fault_answer", "handle", "is_write")
PAGE, HIGHEST_PAGE = 50, 1_000


def is_write(request: Request) -> bool:
    """Whether the call changes something."""
    return request.method == "POST"


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Twilio refuses
    """
    request = context.request
    user, password = request.basic
    account = context.store.account("twilio", user)
    if account is None or password != account.token:
        raise fail(20003)
    parts = [part.removesuffix(".json") for part in request.segments[1:]]
    if parts[:2] != ["Accounts", account.id]:
        raise fail(20404, request.path)
    match request.method, parts[2:]:
        case "GET", []:
            told = {"sid": account.id, "friendly_name": account.name, "status": "active"}
            return Answer.json({**told, "type": "Full"})
        case "POST", ["Messages"]:
            return Answer.json(_send(context, account, dict(request.pairs())), 201)
        case "GET", ["Messages"]:
            return Answer.json(_listed(context, account))
        case "GET", ["Messages", sid]:
            for message in messages.find(context.store, "twilio", sid):
                if message.account_id == account.id:
                    return Answer.json(texts.shown(context, message))
    raise fail(20404, request.path)


def _send(context: Context, account: Account, form: dict[str, str]) -> JsonObject:
    to, service = form.get("To", ""), form.get("MessagingServiceSid", "")
    sender = form.get("From") or _number_of(account, service)
    if not to:
        raise fail(21604)
    if not texts.is_number(to):
        raise fail(21211, to)
    if not sender:
        raise fail(21703 if service else 21603)
    # A sender of letters is a name, which nobody can answer.
    if not (texts.is_number(sender) or re.fullmatch(r"[A-Za-z0-9 ]{1,11}|\d{3,8}", sender)):
        raise fail(21212, sender)
    if texts.is_whatsapp(to) != texts.is_whatsapp(sender):
        raise fail(21212, sender)
    body, category = _text(account, form)
    is_out = texts.last_inbound(context.store, account, sender, to)[1]
    if is_out and not texts.is_whatsapp(to):  # WhatsApp says so later, and only of marketing
        raise fail(21610)
    return texts.shown(context, _take(context, account, form, (sender, to, body, category)))


def _text(account: Account, form: dict[str, str]) -> tuple[str, str]:
    """Return the text and the template's category, which is empty for free text."""
    if form.get("ContentSid"):
        return texts.template(account, form["ContentSid"], form.get("ContentVariables", ""))
    body = form.get("Body", "")
    if not body and not form.get("MediaUrl"):
        raise fail(21602)
    if len(body) > texts.MAX_BODY:
        raise fail(21617)
    return body, ""


def _take(
    context: Context, account: Account, form: dict[str, str], what: tuple[str, str, str, str]
) -> Message:
    sender, to, body, category = what
    sid = ("MM" if form.get("MediaUrl") else "SM") + messages.new_id(context.store, account, "text")
    content: JsonObject = {
        "direction": "outbound-api",
        "body": body,
        "service": form.get("MessagingServiceSid") or None,
        "template": form.get("ContentSid", ""),
        "callback": form.get("StatusCallback", ""),
        "media": 1 if form.get("MediaUrl") else 0,
    }
    message = messages.keep(context.store, account, sid, sender, to, content)
    texts.decide(context, account, message, category)
    return message


def _number_of(account: Account, service: str) -> str:
    return str(as_object(account.extra.get("services")).get(service, "")) if service else ""


# Looking up


def _listed(context: Context, account: Account) -> JsonObject:
    """Newest first; `To`, `From`, `DateSent` (a day, or `<` and `>` with a time) narrow it.

    A message that is not sent yet is dated by its making: who looks for a lost answer must not
    miss it.
    """
    query = dict(parse_qsl(context.request.raw_query, keep_blank_values=True))
    size = min(int(query.get("PageSize") or PAGE), HIGHEST_PAGE)
    page = int(query.get("Page") or 0)
    # A number in a query may come with its plus sign turned into a space.
    every = messages.of_account(context.store, account, query.get("To", "").replace(" ", "+"))
    sender = query.get("From", "").replace(" ", "+")
    fitting = [
        message
        for message in every
        if sender in ("", message.sender) and _is_dated(message.at, query)
    ]
    rows = fitting[page * size : (page + 1) * size]
    path = f"/{texts.API_VERSION}/Accounts/{account.id}/Messages.json"

    def uri(number: int) -> str:
        return f"{path}?{urlencode(query | {'PageSize': str(size), 'Page': str(number)})}"

    return {
        "messages": [texts.shown(context, message) for message in rows],
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if (page + 1) * size < len(fitting) else None,
        "previous_page_uri": uri(page - 1) if page else None,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(rows) - 1, 0),
        "uri": uri(page),
    }


def _is_dated(at: float, query: dict[str, str]) -> bool:
    """Whether a time lies on the day, or before and after the times, of a query."""
    day = query.get("DateSent", "")
    if day and datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") != day[:10]:
        return False
    before, after = query.get("DateSent<", ""), query.get("DateSent>", "")
    return (not before or at <= _moment(before)) and (not after or at >= _moment(after))


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.lstrip("=").replace(" ", "+"))
    except ValueError:
        raise fail(20001, "DateSent") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
