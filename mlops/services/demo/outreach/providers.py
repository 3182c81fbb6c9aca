"""Providers of the demo's messages: connected, asked what happened, and heard as webhooks."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from mlops.platforms.sandbox_control import SandboxControl
from outreach.models import ChannelPolicy, OutreachPolicy
from workspaces.crypto import decrypt, encrypt
from workspaces.inbound.base import Call
from workspaces.models import Connection, Workspace
from workspaces.services.consuming import treat_next
from workspaces.services.inbound import receive

MAIL, TEXTS = "ptd-mail", "AC660077"
MAIL_TOKEN = "sandbox-resend-ptd-fitness"  # noqa: S105  # opens the sandbox only
TEXTS_TOKEN = "sandbox-twilio-ptd-fitness"  # noqa: S105  # opens the sandbox only
NUMBER: Final = "+12125550100"
POSTAL_ADDRESS: Final = "14 W 23rd Street, New York, NY 10010"
#: A demo does not wait for what a provider would let through.
_RATE: Final = 1_000


@dataclass(frozen=True)
class Providers:
    """The far end, and the connections that lead there."""

    control: SandboxControl
    mail: Connection
    twilio: Connection
    page: str
    meta: Connection | None

    def hear(self, now: datetime) -> None:
        """Let all providers tell what happened until now, and take it in."""
        told = self.control.tell
        self._receive(self.mail, told("mail", self._place("resend", MAIL, self.mail)), now)
        self._receive(self.twilio, told("twilio", self._place("twilio", TEXTS, self.twilio)), now)
        if self.meta is not None:
            self._receive(self.meta, told("meta", self._place("meta", self.page, self.meta)), now)

    def call(self) -> None:
        """Let them call by themselves from now on, as they do in life."""
        self.control.call_by_itself(self._place("resend", MAIL, self.mail))
        if self.meta is not None:
            self.control.call_by_itself(self._place("meta", self.page, self.meta))

    def happens(self, address: str, kind: str) -> None:
        """Something happens to the mail that somebody got, within the minute."""
        self.control.let_happen(
            platform="resend", account=MAIL, recipient=address, kind=kind, after_s=30
        )

    def text_from(self, number: str, words: str, now: datetime) -> None:
        """Somebody answers by SMS."""
        told = self.control.write_text(
            account=TEXTS, **{"from": number}, to=NUMBER, body=words, url=_address(self.twilio)
        )
        self._receive(self.twilio, told, now)

    def _place(self, platform: str, account: str, connection: Connection) -> dict[str, str]:
        return {"platform": platform, "account": account, "url": _address(connection)}

    def _receive(
        self, connection: Connection, calls: Iterable[Mapping[str, Any]], now: datetime
    ) -> None:
        for call in calls:
            receive(
                provider=connection.kind, connection=connection.public_id, call=_call(call), now=now
            )
        rng = random.Random(0)  # noqa: S311  # waits between tries, of which there are none
        while treat_next(connection_id=connection.pk, now=now, rng=rng):
            pass


def _address(connection: Connection) -> str:
    base = settings.PUBLIC_BASE_URL.rstrip("/")
    return f"{base}/api/webhooks/{connection.kind}/{connection.public_id}/"


def _call(told: Mapping[str, Any]) -> Call:
    headers = {name.lower(): str(value) for name, value in told["headers"].items()}
    url, body = str(told["url"]), str(told["body"]).encode()
    return Call("POST", url, headers, dict(parse_qsl(urlsplit(url).query)), body)


def connect_providers(*, workspace: Workspace, control: SandboxControl, now: datetime) -> Providers:
    """Connect Resend, Twilio and the page at the far end, and switch their channels on."""
    secrets = control.seed_accounts([
        {"platform": "resend", "id": MAIL, "name": "PTD Fitness", "token": MAIL_TOKEN},
        {"platform": "twilio", "id": TEXTS, "name": "PTD Fitness", "token": TEXTS_TOKEN},
    ])  # fmt: skip
    page = control.seed_social("ptd_fitness", seed_day=now)
    resend = {"provider": "resend", "api_key": MAIL_TOKEN, "webhook_secret": secrets[MAIL]}
    mail = _connect(workspace, control, "email", "Resend sandbox", resend)
    twilio = _connect(workspace, control, "twilio", "Twilio sandbox",
                      {"account_sid": TEXTS, "auth_token": TEXTS_TOKEN})  # fmt: skip
    messenger = _connect(workspace, control, "messenger", "Page sandbox",
                         {"access_token": page["token"], "page_id": page["id"]})  # fmt: skip
    OutreachPolicy.objects.create(workspace=workspace, postal_address=POSTAL_ADDRESS)
    _switch_on(workspace, "email", mail, "PTD Fitness <news@ptd-fitness.example>", "0.001")
    _switch_on(workspace, "sms", twilio, NUMBER, "0.0083")
    _switch_on(workspace, "whatsapp", twilio, f"whatsapp:{NUMBER}", "0.005")
    _switch_on(workspace, "facebook", messenger, page["id"])
    _switch_on(workspace, "instagram", messenger, page["instagram_id"])
    _switch_on(workspace, "linkedin", None, "PTD Fitness")
    return Providers(control, mail, twilio, page["id"], _ears(workspace, page["webhook_secret"]))


def _connect(
    workspace: Workspace, control: SandboxControl, kind: str, name: str, secret: dict[str, str]
) -> Connection:
    return Connection.objects.create(
        workspace=workspace, kind=kind, name=name, base_url=control.base_url,
        secret=encrypt(secret),
    )  # fmt: skip


def _switch_on(
    workspace: Workspace, channel: str, connection: Connection | None, sender: str, cost: str = "0"
) -> None:
    ChannelPolicy.objects.create(
        workspace=workspace, channel=channel, is_on=True, connection=connection, sender=sender,
        unit_cost=Decimal(cost), rate_per_second=_RATE,
    )  # fmt: skip


def _ears(workspace: Workspace, app_secret: str) -> Connection | None:
    """The app by which Meta calls: that of the ads, which now proves its calls."""
    meta = Connection.objects.filter(workspace=workspace, kind="meta").order_by("pk").first()
    if meta is not None:
        meta.secret = encrypt({**decrypt(meta.secret), "app_secret": app_secret})
        meta.save(update_fields=["secret"])
    return meta
