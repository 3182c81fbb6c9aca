"""The demo's CRM: its deals come by the sync, each from the ad that its contact clicked."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from attribution.models import AdPipelineValue, Conversion, CrmSync, Deal, OutgoingConversion
from mlops.platforms.sandbox_control import SandboxControl
from mlops.services.demo.deals import PIXEL, fill_deals
from sandbox.server import Sandbox
from tests.campaigns.factories import AdFactory
from tests.workspaces.factories import ConnectionFactory
from workspaces.crypto import encrypt


def test_deals_of_the_demo_stand_where_they_were_left(workspace, now, tmp_path):
    ads = [AdFactory(workspace=workspace, external_id=str(4000 + place)) for place in range(4)]

    with Sandbox(tmp_path / "state.sqlite3") as box:
        fill_deals(workspace=workspace, control=SandboxControl(box.base_url), now=now)

    stages = Counter(Deal.objects.values_list("stage", flat=True))
    assert stages == {
        "appointment_scheduled": 4, "show_up": 3, "closed_won": 3, "closed_lost": 3,
    }  # fmt: skip
    assert set(Conversion.objects.values_list("method", flat=True)) == {"url_parameter"}
    value = AdPipelineValue.objects.get(ad=ads[0]).value
    assert value == Decimal(14400 + 9000 + 12000 + 2250)
    assert CrmSync.objects.get().deals_read == 13


def test_deals_of_the_last_week_are_told_to_the_sandbox(workspace, now, tmp_path):
    for place in range(4):
        AdFactory(workspace=workspace, external_id=str(4000 + place))

    with Sandbox(tmp_path / "state.sqlite3") as box:
        box.control("clock", {"set": now.isoformat()})
        box.control("seed", {"accounts": [{"platform": "meta", "id": "123", "token": "t-meta"}]})
        ConnectionFactory(
            workspace=workspace, kind="meta", base_url=box.base_url,
            secret=encrypt({"access_token": "t-meta"}),
        )  # fmt: skip
        fill_deals(workspace=workspace, control=SandboxControl(box.base_url), now=now)
        told = box.control("conversions", method="GET")["events"]

    states = Counter(OutgoingConversion.objects.values_list("state", flat=True))
    assert states["accepted"] == len(told) > 3
    assert states["pending"] == states["rejected"] == 0
    assert states["expired"] > 10
    assert {event["dataset"] for event in told} == {PIXEL}
