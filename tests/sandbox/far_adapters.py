"""Every adapter of the product on the sandbox, with one call of it that writes or reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from attribution.hubspot.client import HubSpot
from campaigns.platforms.base import Change, EntityRef
from campaigns.platforms.registry import KINDS as AD_PLATFORMS
from campaigns.platforms.registry import build as build_ads
from campaigns.platforms.registry import executes
from outreach.platforms import email
from outreach.platforms.base import Outgoing
from outreach.platforms.registry import build as build_sender
from outreach.platforms.social.answers import LIMITS, build_answers
from outreach.platforms.social.registry import PLATFORMS as NETWORKS
from outreach.platforms.social.registry import build_reader
from tests.sandbox.conftest import Box

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKEN: Final = "sandbox-token"
WRONG: Final = "another-token"
PAGE, INSTAGRAM, PERSON, ORGANIZATION = "660011002200", "17841466001100", "4711", "88001100"


@dataclass(frozen=True)
class Adapter:
    """One adapter.

    ``path`` finds the tried call among others; ``call`` makes it with a token; ``done`` counts
    what it did at the far end, ``None`` where it only reads.
    """

    name: str
    path: str
    call: Callable[[Box, str, ExitStack], object]
    done: Callable[[Box], int] | None = None
    #: Faults that are an ordinary answer there.
    fine: frozenset[str] = frozenset()


_ACCOUNT: Final = "1001"
_TREE: Final = [{
    "id": "101", "name": "One", "budget_id": "501",
    "adsets": [{"id": "201", "name": "First", "daily_budget": "120.00", "ads": []}],
}]  # fmt: skip


def seed(box: Box) -> None:
    """Every far end, with one token for all of them."""
    ads = [
        {"platform": kind, "id": _ACCOUNT, "token": TOKEN, "campaigns": _TREE,
         "budgets": [{"id": "501", "daily_budget": "90.00"}] if kind == "google" else []}
        for kind in AD_PLATFORMS
    ]  # fmt: skip
    mails: list[dict[str, Any]] = [
        {"platform": kind, "id": "m1", "token": TOKEN} for kind in email.PROVIDERS
    ]
    page = {
        "platform": "meta", "id": PAGE, "token": f"{TOKEN}-page", "page": True,
        "instagram_id": INSTAGRAM,
    }  # fmt: skip
    others = [
        {"platform": "hubspot", "id": "33", "token": TOKEN},
        {"platform": "twilio", "id": "AC1", "token": TOKEN},
        {"platform": "x", "id": "9900", "token": TOKEN},
        {
            "platform": "linkedin",
            "id": ORGANIZATION,
            "token": f"{TOKEN}-page",
            "is_organization": True,
        },
        {"platform": "tiktok", "id": "u9", "token": f"{TOKEN}-page", "is_creator": True},
    ]
    box.seed(*ads, *mails, page, *others, created_at=1_790_000_000)
    for network, account in (("instagram", INSTAGRAM), ("x", "9900")):
        item = {"network": network, "account": account, "at": NOON.isoformat()}
        for one in (
            {"kind": "post", "id": "p1", "text": "Week 12"},
            {"kind": "person", "id": PERSON, "username": "ann", "accepts_dm": True},
            {"kind": "comment", "id": "c1", "author": PERSON, "parent": "p1", "text": "How much?"},
        ):
            box.control("social/item", {**item, **one})
    said = {"platform": "meta", "account": PAGE, "from": PERSON, "text": "Hi"}
    box.control("meta/inbound", {**said, "channel": "instagram"})
    box.control("hubspot/deal", {
        "portal": "33", "id": "9001", "stage": "closedwon", "properties": {"amount": "1000.00"},
        "at": "2026-11-20T12:00:00+00:00",
    })  # fmt: skip


def _ads(kind: str, token: str, box: Box, stack: ExitStack) -> Any:
    google = {"client_id": "c", "client_secret": "s", "developer_token": "d"}
    secret = {"access_token": token, "refresh_token": token, **google}
    adapter = build_ads(kind, credentials=secret, base_url=box.base_url, allow_loopback=True)
    stack.callback(adapter.close)
    return adapter


def _change(kind: str) -> Adapter:
    """A pause, which is possible on every level of each."""

    def call(box: Box, token: str, stack: ExitStack) -> object:
        change = Change(EntityRef("adset", "201", _ACCOUNT), "status", "paused")
        return _ads(kind, token, box, stack).apply(change)

    path = {"meta": "POST /v26.0/201", "google": ":mutate$", "tiktok": "status/update"}[kind]
    return Adapter(f"ads of {kind}, writing", path, call, lambda box: len(box.effects("201")))


def _look(kind: str) -> Adapter:
    def call(box: Box, token: str, stack: ExitStack) -> object:
        return list(_ads(kind, token, box, stack).list_entities(_ACCOUNT, "campaign"))

    path = "search" if kind == "google" else "GET "
    return Adapter(f"ads of {kind}, reading", path, call)


def _portal(box: Box, token: str, stack: ExitStack) -> HubSpot:
    portal = HubSpot(token=token, base_url=box.base_url, allow_loopback=True)
    stack.callback(portal.close)
    return portal


def _amounts(box: Box) -> int:
    with ExitStack() as stack:
        found = _portal(box, TOKEN, stack).read_deals(["9001"]).deals["9001"]
    return int(str(found.amount) == "1500.00")


_MESSAGE: Final = {
    "key": "k1", "sender": "Shop <news@shop.example>", "text": "Hello", "subject": "News",
}  # fmt: skip


def _letters(box: Box) -> int:
    return int(box.get("messages/counts?by=recipient")["total"])


#: SendGrid says yes by its status alone, Brevo at times.
_FINE: Final = {
    "sendgrid": frozenset({"empty", "malformed", "truncated"}),
    "brevo": frozenset({"empty"}),
}


def _mail(provider: str) -> Adapter:
    def call(box: Box, token: str, stack: ExitStack) -> object:
        secret = {"provider": provider, "api_key": token, "sender_domain": "shop.example"}
        if provider == email.SMTP:
            secret = {
                "provider": provider, "host": "127.0.0.1", "port": str(box.smtp_port),
                "security": "none", "username": "m1", "password": token,
            }  # fmt: skip
        base = None if provider == email.SMTP else box.base_url
        sender = build_sender("email", secret=secret, base_url=base, allow_loopback=True)
        stack.callback(sender.close)
        return sender.send(Outgoing(channel="email", to="ann@example.com", **_MESSAGE))

    return Adapter(
        f"mail by {provider}", "^POST ", call, _letters, _FINE.get(provider, frozenset())
    )


def _message(kind: str, channel: str, to: str, path: str) -> Adapter:
    def call(box: Box, token: str, stack: ExitStack) -> object:
        own = f"{token}-page" if kind == "messenger" else token
        secret = {
            "access_token": own, "auth_token": own, "account_sid": "AC1", "page_id": PAGE,
        }  # fmt: skip
        sender = build_sender(kind, secret=secret, base_url=box.base_url, allow_loopback=True)
        stack.callback(sender.close)
        told = {**_MESSAGE, "sender": "+15005550006" if kind == "twilio" else ""}
        return sender.send(Outgoing(channel=channel, to=to, **told))

    return Adapter(f"{channel} by {kind}", path, call, _letters)


def _answer(network: str) -> Adapter:
    def call(box: Box, token: str, stack: ExitStack) -> object:
        own = token if network == "twitter" else f"{token}-page"
        answers = build_answers(
            network, secret={"access_token": own}, base_url=box.base_url, allow_loopback=True
        )
        stack.callback(answers.close)
        return answers.write("c1", "We wrote to you.")

    def done(box: Box) -> int:
        with ExitStack() as stack:
            own = TOKEN if network == "twitter" else f"{TOKEN}-page"
            account = "9900" if network == "twitter" else INSTAGRAM
            answers = build_answers(
                network, secret={"access_token": own}, base_url=box.base_url, allow_loopback=True
            )
            stack.callback(answers.close)
            return int(bool(answers.find(account, "c1", "We wrote to you.", NOON)))

    path = "POST /2/tweets" if network == "twitter" else "POST .*/c1/"
    return Adapter(f"answer on {network}", path, call, done)


def _network(kind: str) -> Adapter:
    def call(box: Box, token: str, stack: ExitStack) -> object:
        own = token if kind == "x" else f"{token}-page"
        secret = {"access_token": own, "page_id": PAGE, "organization_id": ORGANIZATION}
        reader = build_reader(kind, secret=secret, base_url=box.base_url, allow_loopback=True)
        stack.callback(reader.close)
        return reader.accounts()

    return Adapter(f"networks by {kind}, reading", "", call)


#: Channels of messages, with the address and the call of each; mail has providers of its own.
_BY_CHANNEL: Final = {
    "sms": ("twilio", "+4915112345678", "POST .*Messages"),
    "whatsapp": ("twilio", "+4915112345678", "POST .*Messages"),
    "instagram": ("messenger", PERSON, "POST .*messages"),
    "facebook": ("messenger", PERSON, "POST .*messages"),
    "twitter": ("x", PERSON, "POST .*messages"),
}
_FIRST: Final = {"twilio": "sms", "messenger": "instagram", "x": "twitter"}

WRITERS: Final = [
    *(_change(kind) for kind in AD_PLATFORMS if executes(kind)),
    Adapter(
        "deals in HubSpot, writing", "PATCH .*deals",
        lambda box, token, stack: _portal(box, token, stack).set_amount("9001", "1500.00"),
        _amounts,
    ),
    *(_mail(provider) for provider in email.CHOICES if provider != email.SMTP),
    *(_message(_BY_CHANNEL[one][0], one, *_BY_CHANNEL[one][1:]) for one in _FIRST.values()),
    *(_answer(network) for network in LIMITS if network != "facebook"),
]  # fmt: skip
READERS: Final = [
    *(_look(kind) for kind in AD_PLATFORMS),
    Adapter(
        "deals in HubSpot, reading", "deals/batch/read",
        lambda box, token, stack: _portal(box, token, stack).read_deals(["9001"]),
    ),
    *(_network(kind) for kind in NETWORKS),
]  # fmt: skip
