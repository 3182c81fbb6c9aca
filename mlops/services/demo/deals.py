"""Deals of the demo's CRM: clicks on the sandbox's ads that became people, some of them buyers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from attribution.models import BackPlatform, ConversionDestination
from attribution.selectors.revenue import current_config
from attribution.services.crm_sync import sync_portal
from attribution.services.sending_back import work_off
from attribution.services.stage_values import install_template
from campaigns.models import Ad, DeliveryStatus, Platform
from mlops.platforms.sandbox_control import SandboxControl
from workspaces.crypto import encrypt
from workspaces.models import Connection, Workspace

PORTAL = "6600770"
PIXEL = "8800110022"
TOKEN = "sandbox-hubspot-ptd-fitness"  # noqa: S105  # opens the sandbox only
_WON = ("appointmentscheduled", "presentationscheduled", "closedwon")
_LOST = ("appointmentscheduled", "closedlost")
_SHOWN_UP = _WON[:2]
_BOOKED = _WON[:1]
# Days since the deal was made, its stages, the place of its ad, and what a won one brought. Steps
# of the last two weeks may ask for more budget, so only one of these is a large one.
_DEALS = (
    (29, _WON, 0, "14400"),
    (28, _WON, 1, "15600"),
    (27, _LOST, 2, ""),
    (26, _SHOWN_UP, 0, ""),
    (24, _WON, 0, "12000"),
    (22, _LOST, 1, ""),
    (21, _SHOWN_UP, 3, ""),
    (12, _BOOKED, 1, ""),
    (9, _LOST, 2, ""),
    (7, _BOOKED, 0, ""),
    (5, _SHOWN_UP, 3, ""),
    (3, _BOOKED, 2, ""),
    (1, _BOOKED, 1, ""),
)
_STEP = timedelta(hours=20)


def fill_deals(*, workspace: Workspace, control: SandboxControl, now: datetime) -> Connection:
    """Connect the sandbox's CRM, let its deals move, and read them."""
    ads = list(
        Ad.objects.filter(
            workspace=workspace, account__platform=Platform.META, status=DeliveryStatus.ACTIVE
        ).order_by("pk")[:4]
    )
    portal = {"platform": "hubspot", "id": PORTAL, "name": "PTD Fitness", "token": TOKEN}
    control.seed_accounts([portal])
    for number, (days, stages, place, amount) in enumerate(_DEALS, start=1):
        _live(control, number, now - timedelta(days=days), stages, ads[place % len(ads)], amount)
    if current_config(workspace=workspace, now=now) is None:
        install_template(workspace=workspace, template="ptd_fitness", now=now)
    connection = Connection.objects.create(
        workspace=workspace,
        kind="hubspot",
        name="HubSpot sandbox",
        base_url=control.base_url,
        secret=encrypt({"access_token": TOKEN, "portal_id": PORTAL}),
    )
    destination = _destination(workspace)
    sync_portal(connection=connection, now=now)
    if destination:
        work_off(destination_id=destination.pk, now=now, rng=random.Random(0))  # noqa: S311  # no secret
    return connection


def _destination(workspace: Workspace) -> ConversionDestination | None:
    """Where the deals are told from now on: a pixel on the sandbox's Meta."""
    meta = Connection.objects.filter(workspace=workspace, kind=BackPlatform.META).first()
    if meta is None:
        return None
    return ConversionDestination.objects.create(
        workspace=workspace,
        connection=meta,
        platform=BackPlatform.META,
        dataset_id=PIXEL,
        is_enabled=True,
    )


def _live(
    control: SandboxControl,
    number: int,
    made_at: datetime,
    stages: tuple[str, ...],
    ad: Ad,
    amount: str,
) -> None:
    """One person: a click, a day later a deal, then stage after stage."""
    contact, deal = str(500 + number), str(9_000_000_000 + number)
    control.work_in_portal(
        "contact",
        portal=PORTAL,
        id=contact,
        at=(made_at - timedelta(days=1)).isoformat(),
        properties={
            "hs_facebook_click_id": f"IwARdemo{number:04}",
            "utm_content": ad.external_id,
            "hs_legal_basis": "Freely given consent from contact",
        },
    )
    for step, stage in enumerate(stages):
        is_paid = bool(amount) and step == len(stages) - 1
        control.work_in_portal(
            "deal",
            portal=PORTAL,
            id=deal,
            stage=stage,
            at=(made_at + step * _STEP).isoformat(),
            contacts=[contact],
            properties={"amount": amount} if is_paid else {},
        )
