"""A mail as JSON: what differs from a mail of which nothing is known."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

from inbox.engine.mail import Mail

MAILS = Path(__file__).parents[2] / "mails"
_EMPTY = Mail(digest="")


def told(mail: Mail) -> dict:
    shown = {
        one.name: getattr(mail, one.name)
        for one in fields(mail)
        if one.name not in ("digest", "body", "attachments", "sent_at")
        and getattr(mail, one.name) != getattr(_EMPTY, one.name)
    }
    for name in ("to", "cc", "reply_to", "delivered_to"):
        if name in shown:
            shown[name] = [f"{one.name} <{one.address}>" for one in shown[name]]
    if mail.sender:
        shown["sender"] = f"{mail.sender.name} <{mail.sender.address}>"
    if mail.bounces:
        shown["bounces"] = [asdict(one) for one in mail.bounces]
    if mail.sent_at:
        shown["sent_at"] = mail.sent_at.isoformat()
    shown["body"] = {k: v for k, v in asdict(mail.body).items() if v and k != "html"}
    if mail.attachments:
        shown["attachments"] = [
            f"{one.name} | {one.content_type} | {one.size} | {one.held_because or 'handed on'}"
            f"{f' | inline {one.content_id}' if one.is_inline else ''}"
            for one in mail.attachments
        ]
    return {k: list(v) if isinstance(v, tuple) else v for k, v in shown.items()}
