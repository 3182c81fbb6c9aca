"""Messenger and Instagram messages of a page, and its answers to comments."""

from __future__ import annotations

import json

from sandbox import messages
from sandbox.context import Context, utc_text
from sandbox.entities import Account
from sandbox.messages import Message
from sandbox.meta.errors import graph_error, unknown_object
from sandbox.social import items
from sandbox.store import Store
from sandbox.web import JsonObject, as_object

WINDOW_S, TAG_WINDOW_S, AD_WINDOW_S = 24 * 3600, 7 * 86_400, 7 * 86_400
MAX_TEXT = {"messenger": 2_000, "instagram": 1_000}
TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
#: Tags that are answered with an error since 2026-04-27.
DEAD_TAGS = ("CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE")
CLOSED = "This message is sent outside of allowed window."


def send(context: Context, page: Account, channel: str, params: dict[str, str]) -> JsonObject:
    """Send to a person, or privately to who wrote a comment.

    Raises
    ------
    Refusal : as Meta refuses: window, tag, length, unknown person, second private reply
    """
    recipient, message = _object(params, "recipient"), _object(params, "message")
    text = str(message.get("text", ""))
    if not text and not message.get("attachment"):
        raise graph_error(100, "Param message must be non-empty.", subcode=2018065)
    if len(text) > MAX_TEXT[channel]:
        most = MAX_TEXT[channel]
        raise graph_error(
            100, f"Length of param message[text] must be less than or equal to {most}"
        )
    if recipient.get("comment_id"):
        person = _commenter(context, page, channel, str(recipient["comment_id"]))
    else:
        person = str(recipient.get("id", ""))
        _check_window(context, page, channel, person, params)
    more = {"comment_id": recipient.get("comment_id", "")}
    sent = _take(context, page, channel, person, {"text": text, **more})
    return {"recipient_id": person, "message_id": sent.id}


def _object(params: dict[str, str], name: str) -> JsonObject:
    try:
        return as_object(json.loads(params.get(name, "{}")))
    except ValueError:
        raise graph_error(100, f"Param {name} must be a JSON object.") from None


def channel_of(context: Context, page: Account, params: dict[str, str]) -> str:
    """Return the channel that a call to the page means: its recipient's, where it does not say."""
    recipient = _object(params, "recipient")
    if params.get("platform"):
        return "instagram" if params["platform"] == "instagram" else "messenger"
    if recipient.get("comment_id"):
        found = items.find(context.store, "instagram", str(recipient["comment_id"]))
        return "instagram" if found else "messenger"
    person = str(recipient.get("id", ""))
    if heard_at(context.store, page, "messenger", person):
        return "messenger"
    return "instagram" if heard_at(context.store, page, "instagram", person) else "messenger"


def ours(page: Account, channel: str) -> str:
    """Return the id that a page has on a channel."""
    return str(page.extra.get("instagram_id", "")) if channel == "instagram" else page.id


def heard_at(store: Store, page: Account, channel: str, person: str) -> float:
    """Return when a person last wrote, or 0."""
    rows = store.query(
        "SELECT last_inbound FROM conversation WHERE platform = 'meta' AND account_id = ?"
        " AND ours = ? AND person = ?",
        *(page.id, channel, person),
    )
    return float(rows[0]["last_inbound"]) if rows else 0.0


def heard(store: Store, page: Account, channel: str, person: str, at: float) -> None:
    """Keep that a person wrote (channel) or came by an ad (`channel:ad`)."""
    store.execute(
        "INSERT OR REPLACE INTO conversation VALUES ('meta', ?, ?, ?, ?, 0)",
        *(page.id, channel, person, at),
    )


def _check_window(
    context: Context, page: Account, channel: str, person: str, params: dict[str, str]
) -> None:
    kind, tag = params.get("messaging_type", "RESPONSE"), params.get("tag", "")
    if kind not in TYPES:
        raise graph_error(100, f"Param messaging_type must be one of {', '.join(TYPES)}.")
    if tag in DEAD_TAGS:
        raise graph_error(100, f"The message tag {tag} is no longer supported.")
    if kind == "MESSAGE_TAG" and tag != "HUMAN_AGENT":
        raise graph_error(100, "Invalid tag.")
    wrote = heard_at(context.store, page, channel, person)
    if not wrote:
        raise graph_error(100, "No matching user found", subcode=2018001)
    since = context.now - wrote
    by_ad = context.now - heard_at(context.store, page, f"{channel}:ad", person)
    is_open = since < (TAG_WINDOW_S if kind == "MESSAGE_TAG" else WINDOW_S)
    if not is_open and by_ad >= AD_WINDOW_S:
        raise graph_error(10, CLOSED, subcode=1545041)


def _commenter(context: Context, page: Account, channel: str, comment_id: str) -> str:
    """Return who wrote a comment: one private reply each, within seven days."""
    network = "instagram" if channel == "instagram" else "facebook"
    comment = items.find(context.store, network, comment_id)
    if comment is None or comment.kind != "comment" or comment.account_id != ours(page, channel):
        raise unknown_object(comment_id)
    if context.now - comment.at > TAG_WINDOW_S:
        raise graph_error(10, "The comment is older than 7 days.", subcode=1545041)
    for message in messages.of_account(context.store, page, comment.author):
        if message.content.get("comment_id") == comment_id:
            raise graph_error(10900, "Activity already replied to")
    return comment.author


def _take(
    context: Context, page: Account, channel: str, person: str, content: JsonObject
) -> Message:
    store = context.store
    message_id = "m_" + messages.new_id(store, page, channel)
    sent = messages.keep(
        store, page, message_id, ours(page, channel), person, {"channel": channel, **content}
    )
    steps = messages.decide(store, sent, "social")
    if any(step.kind == "hard" for step in steps):
        raise graph_error(551, "This person isn't available right now.", subcode=1545041)
    for step in steps:
        messages.note(store, sent, step.kind, context.now + step.after_s)
    return sent


def conversation(context: Context, page: Account, params: dict[str, str]) -> list[JsonObject]:
    """Return the thread with a person: what was sent, newest first, to look for a lost answer."""
    channel = params.get("platform", "messenger")
    person = params.get("user_id", "")
    sent = [
        message
        for message in messages.of_account(context.store, page, person)
        if message.content.get("channel") == channel
    ]
    if not person or not (sent or heard_at(context.store, page, channel, person)):
        return []
    rows = [
        {
            "id": message.id,
            "created_time": utc_text(message.at),
            "from": {"id": message.sender},
            "to": {"data": [{"id": message.recipient}]},
            "message": message.content.get("text", ""),
        }
        for message in sent
    ]
    return [{"id": f"t_{page.id}{person}", "messages": {"data": rows}}]


def reply(context: Context, page: Account, network: str, comment: items.Item, text: str) -> str:
    """Answer a comment in public; the id of the answer.

    Raises
    ------
    Refusal : an empty text
    """
    if not text:
        raise graph_error(100, "The comment must have a message.")
    account = page.id if network == "facebook" else str(page.extra.get("instagram_id", ""))
    number = items.number_below(context.store, network, comment.id, float("inf"))
    item_id = f"{comment.id}{number:03d}9"
    content: JsonObject = {"text": text, "is_own": True}
    items.add(
        context.store, network, account, "comment", item_id,
        at=context.now, author=account, parent=comment.id, content=content,
    )  # fmt: skip
    return item_id
