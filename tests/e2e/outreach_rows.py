"""People who agreed, a text and a provider, for the journey of a campaign.

Run on the stack's servers; takes the sandbox's address from the environment.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.request import Request, urlopen

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from attribution.models import Person  # noqa: E402  # needs the settings
from outreach.models import (  # noqa: E402
    Audience,
    AudienceMember,
    ChannelPolicy,
    ChannelTemplate,
    Consent,
    Contact,
    ContactPoint,
    OutreachPolicy,
    TemplateVersion,
)
from tests.e2e.conftest import REAL  # noqa: E402
from workspaces import crypto  # noqa: E402
from workspaces.models import Connection, Workspace  # noqa: E402

ARRIVES = {"rules": [{"recipient": "@(journey|loop)\\.example$", "delivered": 1, "hard": 0,
                      "soft": 0, "deferred": 0}]}  # fmt: skip
TEXT = "Hello {{ first_name }}, summer is here.\n{{ postal_address }}\n{{ unsubscribe_url }}"


def fill(name: str = REAL, account: str = "journey", provider: str = "resend") -> Connection:
    """Make them in a workspace, by default in one that writes to nobody else."""
    workspace, base = Workspace.objects.get(name=name), os.environ["SANDBOX_URL"]
    token = f"sandbox-{provider}-{account}"
    seed = {"accounts": [{"platform": provider, "id": account, "token": token}]}
    (seeded,) = control(base, "seed", seed)["accounts"]
    connection = Connection.objects.create(
        workspace=workspace, kind="email", name="Journey", base_url=base,
        secret=crypto.encrypt(
            {"provider": provider, "api_key": token, "webhook_secret": seeded["webhook_secret"]}
        ),
    )  # fmt: skip
    url = f"{settings.PUBLIC_BASE_URL}/api/webhooks/email/{connection.public_id}/"
    control(base, "webhooks", {"platform": provider, "account": account, "url": url})
    control(base, "messages/model", ARRIVES)
    ChannelPolicy.objects.update_or_create(
        workspace=workspace, channel="email",
        defaults={"is_on": True, "connection": connection, "sender": "Shop <news@shop.example>"},
    )  # fmt: skip
    OutreachPolicy.objects.update_or_create(
        workspace=workspace, defaults={"postal_address": "1 Main Street, Springfield"}
    )
    _text(workspace)
    audience = Audience.objects.create(workspace=workspace, name="Journey's people", kind="list")
    for first_name, agreed in (("Ann", True), ("Bob", False)):
        contact = _contact(workspace, first_name, f"{account}.example", agreed=agreed)
        AudienceMember.objects.create(workspace=workspace, audience=audience, contact=contact)
    return connection


def control(base: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    asked = Request(f"{base}/_sandbox/{name}", data=json.dumps(body).encode())
    with urlopen(asked, timeout=120) as answer:
        return dict(json.load(answer))


def _text(workspace: Workspace) -> None:
    template = ChannelTemplate.objects.create(
        workspace=workspace, name="Summer plans", channel="email"
    )
    template.current = TemplateVersion.objects.create(
        workspace=workspace, template=template, number=1, subject="Summer plans", text=TEXT,
        sha256="0" * 64,
    )  # fmt: skip
    template.status = "active"
    template.save()


def _contact(workspace: Workspace, name: str, host: str, *, agreed: bool) -> Contact:
    contact = Contact.objects.create(
        workspace=workspace, person=Person.objects.create(workspace=workspace), first_name=name,
        time_zone="Europe/Berlin", country="DE",
    )  # fmt: skip
    ContactPoint.objects.create(
        workspace=workspace, contact=contact, channel="email",
        address=f"{name.lower()}@{host}",
    )  # fmt: skip
    if agreed:
        Consent.objects.create(
            workspace=workspace, contact=contact, channel="email", purpose="marketing",
            is_given=True, source="form", at=timezone.now(),
        )  # fmt: skip
    return contact


if __name__ == "__main__":
    fill()
