"""Postmark: one e-mail, batches, looking messages up, webhooks behind a password."""

from __future__ import annotations

import base64

from sandbox import messages
from sandbox.context import Context, Refusal, utc_text
from sandbox.entities import Account
from sandbox.mail.letters import (
    Letter,
    account_by_token,
    address,
    addresses,
    as_uuid,
    is_address,
    names,
    take,
    trouble,
)
from sandbox.messages import Event, Message
from sandbox.web import Answer, JsonObject, as_list, as_object
from sandbox.webhooks import webhook_secret

MAX_BATCH, MAX_PAGE = 500, 500
INACTIVE = "Inactive recipients are ones that have generated a hard bounce or a spam complaint."


def fail(code: int, message: str, status: int = 422) -> Refusal:
    """Build an error answer to raise."""
    return Refusal(Answer.json({"ErrorCode": code, "Message": message}, status))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Postmark refuses
    """
    request = context.request
    token = request.headers.get("x-postmark-server-token", "")
    account = account_by_token(context.store, "postmark", token)
    if account is None:
        raise fail(10, "Bad or missing Server API token.", 401)
    match request.method, request.segments:
        case "GET", ["server"]:
            return Answer.json({"ID": 1, "Name": account.name, "DeliveryType": "Sandbox"})
        case "POST", ["email"]:
            reply = _send(context, account, _body(context))
            return Answer.json(reply, 200 if reply["ErrorCode"] == 0 else 422)
        case "POST", ["email", "batch"]:
            return Answer.json(_batch(context, account))
        case "GET", ["messages", "outbound"]:
            return Answer.json(_found(context, account))
        case "GET", ["messages", "outbound", message_id, "details"]:
            for message in messages.find(context.store, "postmark", message_id):
                return Answer.json(_shown(context, message) | {"MessageEvents": []})
            raise fail(701, "This message was not found.")
    raise fail(0, "Not found.", 404)


def _body(context: Context) -> JsonObject:
    try:
        return context.request.json()
    except ValueError:
        raise fail(402, "Invalid JSON.") from None


def _batch(context: Context, account: Account) -> list[JsonObject]:
    items = as_list(_list(context))
    if not items or len(items) > MAX_BATCH:
        raise fail(410, f"A batch has 1 to {MAX_BATCH} messages.")
    left_out = context.left_out("mail_partial")
    return [
        {"ErrorCode": 300, "Message": "Invalid email request."}
        if index == left_out
        else _send(context, account, as_object(item))
        for index, item in enumerate(items)
    ]


def _list(context: Context) -> object:
    try:
        return context.request.json_value()
    except ValueError:
        raise fail(402, "Invalid JSON.") from None


def _send(context: Context, account: Account, body: JsonObject) -> JsonObject:
    """Take one message; the error that Postmark answers with when it takes none."""
    wrong = _wrong(body)
    if wrong:
        return {"ErrorCode": 300, "Message": wrong}
    visible = [(kind, one) for kind in ("To", "Cc", "Bcc") for one in addresses(_text(body, kind))]
    closed = [one for _, one in visible if trouble(context, account, one)]
    if len(closed) == len(visible):
        return {
            "ErrorCode": 406,
            "Message": "You tried to send to recipient(s) that have been marked as inactive.\n"
            f"Found inactive addresses: {', '.join(closed)}.\n{INACTIVE} ",
        }
    message_id = as_uuid(messages.new_id(context.store, account, "letter"))
    for _, recipient in visible:
        if recipient not in closed:
            take(context, account, _letter(body, recipient), message_id)
    inactive = (
        f", but will not deliver to these inactive addresses: {', '.join(closed)}. {INACTIVE}"
    )
    return {
        "To": _text(body, "To"),
        "SubmittedAt": utc_text(context.now, "%Y-%m-%dT%H:%M:%S.0000000Z"),
        "MessageID": message_id,
        "ErrorCode": 0,
        "Message": f"Message OK{inactive}" if closed else "OK",
    }


def _wrong(body: JsonObject) -> str:
    sender = address(_text(body, "From"))
    if not is_address(sender):
        return f"Invalid 'From' address: '{_text(body, 'From')}'."
    if not any(_text(body, kind) for kind in ("To", "Cc", "Bcc")):
        return "Zero recipients specified"
    for kind in ("To", "Cc", "Bcc"):
        for one in addresses(_text(body, kind)):
            if not is_address(one):
                return f"Invalid '{kind}' address: '{one}'."
    if not (body.get("TextBody") or body.get("HtmlBody")):
        return "Provide either email TextBody or HtmlBody or both."
    return ""


def _letter(body: JsonObject, recipient: str) -> Letter:
    tag = _text(body, "Tag")
    visible = {kind.lower(): _text(body, kind) for kind in ("To", "Cc") if body.get(kind)}
    files = [str(as_object(one).get("Name", "")) for one in as_list(body.get("Attachments"))]
    return Letter(
        sender=address(_text(body, "From")),
        recipient=recipient,
        subject=_text(body, "Subject"),
        text=_text(body, "TextBody"),
        html=_text(body, "HtmlBody"),
        headers=names(body.get("Headers"), "Name"),
        metadata=as_object(body.get("Metadata")),
        tags=[tag] if tag else [],
        more={
            **visible,
            "reply_to": _text(body, "ReplyTo"),
            "stream": _text(body, "MessageStream") or "outbound",
            "attachments": files,
        },
    )


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


# Looking up


def _found(context: Context, account: Account) -> JsonObject:
    """`recipient`, `tag`, `subject`, `fromdate`, `todate`, `metadata_NAME` narrow; newest first."""
    query = context.request.query
    try:
        count, offset = int(query["count"]), int(query["offset"])
    except (KeyError, ValueError):
        raise fail(600, "count and offset are required.") from None
    if not 1 <= count <= MAX_PAGE:
        raise fail(600, f"count must lie between 1 and {MAX_PAGE}.")
    every = messages.of_account(context.store, account, query.get("recipient", "").lower())
    fitting = [message for message in every if _fits(message, query)]
    page = fitting[offset : offset + count]
    shown = [_shown(context, message) for message in page]
    return {"TotalCount": len(fitting), "Messages": shown}


def _fits(message: Message, query: dict[str, str]) -> bool:
    content, metadata = message.content, as_object(message.content.get("metadata"))
    day = utc_text(message.at, "%Y-%m-%d")
    if query.get("fromdate", "") > utc_text(message.at, "%Y-%m-%dT%H:%M:%S"):
        return False
    if query.get("todate") and day > query["todate"][:10]:
        return False
    if query.get("tag") and query["tag"] not in as_list(content.get("tags")):
        return False
    if query.get("subject") and query["subject"] != content.get("subject"):
        return False
    return all(
        str(metadata.get(name.removeprefix("metadata_"))) == value
        for name, value in query.items()
        if name.startswith("metadata_")
    )


def _shown(context: Context, message: Message) -> JsonObject:
    content = message.content
    return {
        "Tag": (as_list(content.get("tags")) or [None])[0],
        "MessageID": message.id,
        "MessageStream": content.get("stream", "outbound"),
        "To": [{"Email": message.recipient, "Name": None}],
        "Cc": [],
        "Bcc": [],
        "Recipients": [message.recipient],
        "ReceivedAt": utc_text(message.at, "%Y-%m-%dT%H:%M:%S.0000000Z"),
        "From": message.sender,
        "Subject": content.get("subject", ""),
        "Attachments": content.get("attachments", []),
        "Status": "Sent" if messages.history(context.store, message, context.now) else "Queued",
        "TrackOpens": False,
        "TrackLinks": "None",
        "Metadata": as_object(content.get("metadata")),
        "Sandboxed": False,
    }


# Webhooks

_BOUNCES = {
    "hard": ("Bounce", "HardBounce", 1, "Hard bounce", "smtp;550 5.1.1 The account does not exist"),
    "soft": ("Bounce", "SoftBounce", 4096, "Soft bounce", "smtp;452 4.2.2 The mailbox is full"),
    "deferred": ("Bounce", "Transient", 2, "Message delayed", "smtp;451 4.3.0 Try again later"),
    "complained": ("SpamComplaint", "SpamComplaint", 512, "Spam complaint", ""),
}
_STAMP = "%Y-%m-%dT%H:%M:%S.0000000Z"


def calls(
    account: Account, events: list[Event], url: str, sent: float, *, forged: bool
) -> list[JsonObject]:
    """Write one call for each event that Postmark tells of."""
    password = "sandbox:not the password" if forged else webhook_secret(account)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Postmark",
        "Authorization": f"Basic {base64.b64encode(password.encode()).decode()}",
    }
    told = (event_body(event) for event in events)
    return [{"url": url, "headers": headers, "json": body} for body in told if body]


def event_body(event: Event) -> JsonObject:
    """Return the record that Postmark posts, or {} for what it does not tell."""
    content, at = event.message.content, utc_text(event.at, _STAMP)
    base: JsonObject = {
        "ServerID": 1,
        "MessageStream": content.get("stream", "outbound"),
        "MessageID": event.message.id,
        "Metadata": as_object(content.get("metadata")),
        "Tag": (as_list(content.get("tags")) or [""])[0],
    }
    if event.kind in _BOUNCES:
        return base | _bounce(event, at)
    base["Recipient"] = event.message.recipient
    if event.kind == "delivered":
        return base | {"RecordType": "Delivery", "DeliveredAt": at, "Details": "Test delivery"}
    seen = {"ReceivedAt": at, "Platform": "Desktop", "UserAgent": "Mozilla/5.0", "Geo": {}}
    if event.kind == "opened":
        return base | seen | {"RecordType": "Open", "FirstOpen": True, "Client": {}, "OS": {}}
    if event.kind == "clicked":
        link = event.detail.get("link", "https://example.com/")
        return (
            base
            | seen
            | {
                "RecordType": "Click",
                "ClickLocation": "HTML",
                "OriginalLink": link,
                "Client": {},
                "OS": {},
            }
        )
    if event.kind == "unsubscribed":
        return base | {
            "RecordType": "SubscriptionChange",
            "ChangedAt": at,
            "Origin": "Recipient",
            "SuppressSending": True,
            "SuppressionReason": "ManualSuppression",
        }
    return {}


def _bounce(event: Event, at: str) -> JsonObject:
    record, kind, code, name, details = _BOUNCES[event.kind]
    is_final = event.kind in ("hard", "complained")
    return {
        "RecordType": record,
        "ID": event.row,
        "Type": kind,
        "TypeCode": code,
        "Name": name,
        "Description": name,
        "Details": details,
        "Email": event.message.recipient,
        "From": event.message.sender,
        "BouncedAt": at,
        "DumpAvailable": False,
        "Inactive": is_final,
        "CanActivate": event.kind == "hard",
        "Subject": event.message.content.get("subject", ""),
        "Content": "",
    }
