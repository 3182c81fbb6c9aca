"""The sync: reads what changed, heals what webhooks missed, sets the values of ads."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from attribution.models import AdPipelineValue, CrmSync, Deal, QuarantinedAd, StageMapping
from attribution.services import crm_sync, deal_effects
from attribution.services.crm_sync import CrmSyncFailedError, sync_portal
from attribution.services.crm_values import resolve_ad
from sandbox.server import Sandbox
from tests.attribution.hubspot_steps import Crm, ledger, states
from tests.attribution.stage_steps import installed
from tests.campaigns.factories import AdFactory
from workspaces import crypto
from workspaces.models import Connection, JobRun, JobState, WebhookDelivery
from workspaces.platforms.errors import PlatformError
from workspaces.services.jobs import run_job
from workspaces.services.webhooks_out import create_endpoint

BASE = "https://countersign.example"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("hubspot") / "state.sqlite3") as box:
        yield box


@pytest.fixture
def crm(box, workspace, now, settings, monkeypatch):
    """A connected portal whose clock stands at now."""
    settings.PUBLIC_BASE_URL = BASE
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    monkeypatch.setattr(deal_effects, "_listeners", [])
    box.control("reset")
    portal = Crm(box, installed(workspace, now - timedelta(days=9)))
    portal.clock(now)
    return portal


def _sync(crm, at, **options):
    """A sync at a moment, which the portal's clock shows too and which waits move on."""
    crm.clock(at)
    return sync_portal(
        connection=crm.connection, now=at,
        pause=lambda s: crm.box.control("clock", {"advance_s": s}), **options,
    )  # fmt: skip


def _deal(crm, deal, stage, at, **more):
    crm.do("deal", id=deal, stage=stage, at=at.isoformat(), **more)


def test_a_missed_webhook_is_healed_and_named(crm, now):
    _deal(crm, "1", "appointmentscheduled", now - timedelta(hours=3))
    _sync(crm, now - timedelta(hours=2))
    _deal(crm, "1", "presentationscheduled", now - timedelta(hours=1))
    _deal(crm, "1", "closedwon", now - timedelta(minutes=1))

    done = _sync(crm, now)
    again = _sync(crm, now)

    assert (done.new_moves, again.new_moves) == (2, 0)
    assert done.healed == [{"deal": "1", "stages": ["presentationscheduled"]}]
    assert ledger() == [("1", stage) for stage in
                        ("appointmentscheduled", "presentationscheduled", "closedwon")]  # fmt: skip
    row = CrmSync.objects.get()
    assert (row.deals_read, row.deals_healed) == (1, 0)


def test_webhook_and_sync_meet_on_the_same_rows(crm, now):
    _deal(crm, "1", "appointmentscheduled", now - timedelta(hours=3))
    _sync(crm, now)
    crm.deliver(Client(), BASE)
    crm.work(now)

    assert ledger() == [("1", "appointmentscheduled")]


def test_the_overlap_finds_what_the_index_had_not_yet(crm, now, box):
    _deal(crm, "1", "appointmentscheduled", now - timedelta(seconds=20))
    _deal(crm, "2", "closedwon", now - timedelta(seconds=30))
    box.control("settings", {"hubspot_index_lag_s": 25})
    _sync(crm, now)
    first = states()

    box.control("settings", {"hubspot_index_lag_s": 0})
    _sync(crm, now + timedelta(hours=1))

    assert first == {"2": "closed_won"}
    assert states() == {"1": "appointment_scheduled", "2": "closed_won"}
    assert CrmSync.objects.get().watermark_at == now - timedelta(seconds=20)


def test_more_than_a_search_gives_is_read_by_moving_on(crm, now, box, monkeypatch):
    monkeypatch.setattr(crm_sync, "SEARCH_PAGE", 2)
    monkeypatch.setattr(crm_sync, "SEARCH_CAP", 4)
    box.control("settings", {"hubspot_search_cap": 4})
    for number in range(1, 12):
        _deal(crm, str(number), "closedwon", now - timedelta(hours=20 - number))

    done = _sync(crm, now)

    assert done.read == 11
    assert len(states()) == 11


def test_a_sync_that_is_throttled_goes_on_where_it_ended(crm, now, box, monkeypatch):
    monkeypatch.setattr(crm_sync, "SEARCH_PAGE", 2)
    for number in range(1, 6):
        _deal(crm, str(number), "closedwon", now - timedelta(hours=20 - number))
    crm.fault(kind="hubspot_429", path="search", nth=2)

    with pytest.raises(PlatformError):
        _sync(crm, now)
    kept = CrmSync.objects.get().watermark_at
    crm.connection.refresh_from_db()
    error = crm.connection.last_error
    done = _sync(crm, now)

    assert kept == now - timedelta(hours=18)
    assert "slow" in error or "limit" in error
    assert (done.new_moves, len(states())) == (3, 5)


def test_it_slows_down_before_the_limit_is_reached(crm, now, box):
    box.control("seed", {"accounts": [{"platform": "hubspot", "id": "33", "token": "pat-sandbox-33",
                                       "limits": {"per_10_s": 4}}]})  # fmt: skip
    _deal(crm, "1", "closedwon", now - timedelta(hours=1))
    waits = []
    crm.clock(now)

    sync_portal(connection=crm.connection, now=now, pause=waits.append)

    assert waits == [10]


def test_values_are_set_for_each_ad_and_unknown_ads_wait(crm, now, operator):
    workspace = crm.connection.workspace
    ad = AdFactory(workspace=workspace, external_id="4000123")
    made_at, clicked_at = now - timedelta(hours=3), (now - timedelta(hours=4)).isoformat()
    for deal, named in (("1", "4000123"), ("2", "4000123"), ("3", "999")):
        contact = crm.do("contact", properties={"ad_id": named}, at=clicked_at)
        _deal(crm, deal, "presentationscheduled", made_at, contacts=[contact])
    done = _sync(crm, now)
    first = dict(AdPipelineValue.objects.values_list("ad_id", "value"))
    waiting = QuarantinedAd.objects.get()
    resolve_ad(quarantined=waiting, ad_id=str(AdFactory(workspace=workspace).public_id),
               by=operator, now=now)  # fmt: skip

    _deal(crm, "1", "closedlost", now - timedelta(hours=1))
    _deal(crm, "2", "closedlost", now - timedelta(hours=1))
    _deal(crm, "3", "closedwon", now - timedelta(hours=1))
    _sync(crm, now)

    assert first == {ad.pk: Decimal(18000)}
    assert (waiting.given, waiting.value, done.values.unknown) == ("999", 9000, ["999"])
    waiting.refresh_from_db()
    assert dict(AdPipelineValue.objects.values_list("ad_id", "value")) == {
        ad.pk: 0, waiting.ad_id: 15000,
    }  # fmt: skip
    assert Deal.objects.get(external_id="3").ad_id == waiting.ad_id


def test_stages_get_the_portals_names(crm, now):
    _deal(crm, "1", "contractsent", now - timedelta(hours=1))
    crm.deliver(Client(), BASE)
    crm.work(now)
    nameless = StageMapping.objects.get().label

    _sync(crm, now)

    assert (nameless, StageMapping.objects.get().label) == ("", "Contract Sent")


def test_the_world_hears_that_a_sync_has_ended(crm, now, admin):
    create_endpoint(
        workspace=crm.connection.workspace, url="https://example.com/in", by=admin,
        event_types=["sync.finished"],
    )  # fmt: skip
    _deal(crm, "1", "contractsent", now - timedelta(hours=1))
    _sync(crm, now)
    _sync(crm, now + timedelta(minutes=5), is_poll=True)

    told = json.loads(WebhookDelivery.objects.get().body)["data"]
    assert (told["deals_read"], told["moves"], told["deals_healed"]) == (1, 1, 0)


@pytest.mark.parametrize(("client_secret", "polled"), [("", 1), ("s3cret", 0)])
def test_polling_is_for_portals_without_webhooks(crm, now, client_secret, polled):
    secret = {**crypto.decrypt(crm.connection.secret), "client_secret": client_secret}
    Connection.objects.filter(pk=crm.connection.pk).update(secret=crypto.encrypt(secret))
    _deal(crm, "1", "contractsent", now - timedelta(hours=1))

    run = run_job(workspace=crm.connection.workspace, name=crm_sync.POLL_JOB, trigger="test",
                  now=now)  # fmt: skip

    assert run.state == JobState.DONE
    assert run.counts.get("deals", 0) == polled
    assert len(states()) == polled


def test_a_portal_that_is_busy_is_tried_again_and_a_refusal_is_not(crm, now):
    crm.fault(kind="hubspot_status", code=503, path="pipelines", nth=1)
    words = {"workspace": crm.connection.workspace, "name": crm_sync.SYNC_JOB, "trigger": "test"}

    busy = run_job(**words, now=now)
    JobRun.objects.all().delete()
    crm.fault(kind="hubspot_status", code=403, path="pipelines")
    with pytest.raises(CrmSyncFailedError, match="scopes of deals and contacts"):
        run_job(**words, now=now)

    assert (busy.state, JobRun.objects.get().state) == (JobState.RETRY, JobState.FAILED)


def test_other_workspaces_are_left_alone(crm, now, other_workspace):
    _deal(crm, "1", "contractsent", now - timedelta(hours=1))

    run_job(workspace=installed(other_workspace, now - timedelta(days=1)), name=crm_sync.SYNC_JOB,
            trigger="test", now=now)  # fmt: skip

    assert Deal.objects.count() == 0
