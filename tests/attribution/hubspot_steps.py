"""A portal in the sandbox, connected; and its webhooks brought to our door."""

from __future__ import annotations

import json
import random
from datetime import datetime

from django.db.models import Q
from django.test import Client

from attribution.models import Deal, StageChange
from sandbox.server import Sandbox
from tests.workspaces.inbound_calls import connect
from workspaces.models import Connection, InboundEvent, Workspace
from workspaces.services.consuming import treat_next

PORTAL, TOKEN, SECRET = "33", "pat-sandbox-33", "s3cret-of-the-app"


class Crm:
    """A portal as its people use it."""

    def __init__(self, box: Sandbox, workspace: Workspace) -> None:
        self.box = box
        box.control(
            "seed",
            {"accounts": [{"platform": "hubspot", "id": PORTAL, "token": TOKEN,
                           "client_secret": SECRET}]},
        )  # fmt: skip
        self.connection = connect(
            workspace, "hubspot", access_token=TOKEN, portal_id=PORTAL, client_secret=SECRET
        )
        Connection.objects.filter(pk=self.connection.pk).update(base_url=box.base_url)
        self.connection.refresh_from_db()
        self.address = f"/api/webhooks/hubspot/{self.connection.public_id}"

    def do(self, name: str, **body: object) -> str:
        """Work in the portal; the id of what was worked on."""
        told = self.box.control(f"hubspot/{name}", {"portal": PORTAL, **body})
        return str(told.get("id", ""))

    def clock(self, at: datetime) -> None:
        """Set the portal's clock."""
        self.box.control("clock", {"set": at.isoformat()})

    def fault(self, **rule: object) -> None:
        """Have calls go wrong."""
        self.box.control("faults", rule)

    def deliver(self, client: Client, base_url: str, **options: object) -> list[int]:
        """Bring what the portal tells to our door; the answers."""
        url = f"{base_url}{self.address}"
        told = self.box.control("hubspot/deliver", {"portal": PORTAL, "url": url, **options})
        return [
            client.post(
                self.address,
                call["body"],
                content_type="application/json",
                headers={name: value for name, value in call["headers"].items()
                         if name != "Content-Type"},
            ).status_code
            for call in told["calls"]
        ]  # fmt: skip

    def work(self, now: datetime) -> int:
        """Have a worker treat what is due; how many events it tried."""
        tried = 0
        while count := treat_next(connection_id=self.connection.pk, now=now, rng=random.Random(1)):
            tried += count
        return tried


def ledger() -> list[tuple[str, str]]:
    """Deal and stage of all changes, by time."""
    rows = StageChange.objects.select_related("deal").order_by("at", "pk")
    return [(row.deal.external_id, row.stage) for row in rows]


def states() -> dict[str, str]:
    """Where each deal stands."""
    return dict(Deal.objects.values_list("external_id", "stage"))


def open_events() -> list[str]:
    """Kinds of events that are still to be done, or failed."""
    rows = InboundEvent.objects.exclude(state="done").filter(
        Q(kind__startswith="deal.") | Q(kind="contact.privacyDeletion")
    )
    return [json.loads(row.body)["subscriptionType"] for row in rows]
