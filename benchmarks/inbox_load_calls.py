"""What people write, as the networks that carry it call: each call signed as its sender signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlencode

from inbox.engine.reading.shipped import base_texts
from workspaces.crypto import encrypt
from workspaces.models import Connection, Workspace

_SECRET: Final = "load-secret-of-one-run"  # of senders that live as long as this run
#: Ways in by their shares in ten messages.
_TURNS: Final = ("email",) * 5 + ("whatsapp",) * 2 + ("sms", "instagram", "facebook")


@dataclass(frozen=True)
class HttpCall:
    """One call to the webhook door."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Door:
    """Addresses of a workspace's connections, and people who write to them.

    ``people`` write in turn, so that nobody writes twice within a few seconds.
    """

    base_url: str
    twilio: str
    meta: str
    mail: str
    people: int
    texts: tuple[str, ...]

    def call(self, number: int) -> HttpCall:
        """Message of a number; its words begin with ``token_of`` it."""
        person = number % self.people
        words = f"{token_of(number)} {self.texts[number * 7919 % len(self.texts)]}"
        return _MAKERS[_TURNS[person % len(_TURNS)]](self, number, person, words)


def token_of(number: int) -> str:
    """The word by which a message is known in the list."""
    return f"m{number:06d}."


def open_door(workspace: Workspace, base_url: str, people: int) -> Door:
    """Connect Twilio, a page with its Instagram account, and Postmark."""
    kinds = {
        "twilio": {"account_sid": "AC1", "auth_token": _SECRET},
        "messenger": {"app_secret": _SECRET, "access_token": "x", "page_id": "1"},
        "email": {"provider": "postmark", "api_key": "x", "webhook_secret": f"load:{_SECRET}"},
    }  # fmt: skip
    paths = {}
    for kind, secret in kinds.items():
        row = Connection.objects.create(
            workspace=workspace, kind=kind, name=kind.title(), secret=encrypt(secret)
        )
        paths[kind] = f"/api/webhooks/{kind}/{row.public_id}"
    texts = [one.text for one in base_texts() if 8 <= len(one.text) <= 400]
    random.Random(7).shuffle(texts)  # the same of each run
    return Door(base_url, paths["twilio"], paths["messenger"], paths["email"], people, tuple(texts))


def _twilio(door: Door, number: int, person: int, words: str) -> HttpCall:
    address = f"+1555{person:07d}"
    is_whatsapp = _TURNS[person % len(_TURNS)] == "whatsapp"
    fields = {
        "MessageSid": f"SM{number:032x}", "SmsStatus": "received", "AccountSid": "AC1",
        "From": f"whatsapp:{address}" if is_whatsapp else address, "To": "+15550000000",
        "Body": words, "ProfileName": f"Person {person}",
    }  # fmt: skip
    signed = door.base_url + door.twilio + "".join(key + fields[key] for key in sorted(fields))
    signature = hmac.new(_SECRET.encode(), signed.encode(), hashlib.sha1).digest()
    return HttpCall(
        door.twilio, urlencode(fields).encode(),
        {"Content-Type": "application/x-www-form-urlencoded",
         "X-Twilio-Signature": base64.b64encode(signature).decode()},
    )  # fmt: skip


def _meta(door: Door, number: int, person: int, words: str) -> HttpCall:
    kind = "instagram" if _TURNS[person % len(_TURNS)] == "instagram" else "page"
    at_ms = int(time.time() * 1000)
    update = {
        "sender": {"id": f"9{person:09d}"}, "recipient": {"id": "1"}, "timestamp": at_ms,
        "message": {"mid": f"mid.{number}", "text": words},
    }  # fmt: skip
    entry = {"id": "1", "time": at_ms, "messaging": [update]}
    body = json.dumps({"object": kind, "entry": [entry]}).encode()
    digest = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return HttpCall(
        door.meta, body,
        {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"},
    )  # fmt: skip


def _mail(door: Door, number: int, person: int, words: str) -> HttpCall:
    mail = EmailMessage()
    mail["From"] = f"Person {person} <p{person}@mail{person % 97}.example>"
    mail["To"], mail["Subject"] = "help@shop.example", f"Question {person}"
    mail["Message-ID"] = f"<load{number}@mail.example>"
    mail.set_content(f"{words}\n\n--\nPerson {person}\n")
    body = {
        "FromFull": {"Email": f"p{person}@mail{person % 97}.example"},
        "OriginalRecipient": "help@shop.example", "MessageID": f"load-{number}",
        "RawEmail": mail.as_string(),
    }  # fmt: skip
    key = base64.b64encode(f"load:{_SECRET}".encode()).decode()
    return HttpCall(
        door.mail, json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {key}"},
    )  # fmt: skip


_Maker = Callable[[Door, int, int, str], HttpCall]
_MAKERS: Final[dict[str, _Maker]] = {
    "email": _mail, "whatsapp": _twilio, "sms": _twilio, "instagram": _meta, "facebook": _meta,
}  # fmt: skip
