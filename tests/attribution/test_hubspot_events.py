"""From HubSpot's webhook to the ledger: hints may repeat, come in any order, early or late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from attribution.models import Conversion, Deal, Identifier, StageMapping
from attribution.selectors.revenue import current_values, increments_of_deal
from attribution.services import deal_effects
from sandbox.server import Sandbox
from tests.attribution.hubspot_steps import Crm, ledger, open_events, states
from tests.attribution.stage_steps import installed
from tests.attribution.steps import click
from tests.campaigns.factories import AdFactory
from workspaces.models import ConnectionStatus, InboundEvent

STAGES = ("appointmentscheduled", "presentationscheduled", "contractsent", "closedwon")
BASE = "https://countersign.example"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("hubspot") / "state.sqlite3") as box:
        yield box


@pytest.fixture
def crm(box, workspace, now, settings, monkeypatch) -> Crm:
    """A connected portal whose clock stands at now."""
    settings.PUBLIC_BASE_URL = BASE
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    monkeypatch.setattr(deal_effects, "_listeners", [])
    box.control("reset")
    portal = Crm(box, installed(workspace, now - timedelta(days=9)))
    portal.clock(now)
    return portal


@pytest.fixture
def told(crm):
    """Changes that a listener heard of."""
    heard = []
    deal_effects.on_deal_moved(lambda change, _now: heard.append(change))
    return heard


def _through(crm, now, *, deal="1", stages=STAGES):
    for place, stage in enumerate(stages):
        crm.do("deal", id=deal, stage=stage, at=(now - timedelta(hours=9 - place)).isoformat())


@pytest.mark.parametrize(
    "options",
    [{}, {"duplicates": 3}, {"order": "reversed"}, {"duplicates": 3, "order": "reversed"},
     {"duplicates": 2, "order": "shuffled", "batch": 3}],
)  # fmt: skip
def test_any_order_and_repetition_gives_the_same_ledger(crm, now, told, options):
    _through(crm, now)

    statuses = crm.deliver(Client(), BASE, **options)
    crm.work(now)
    crm.deliver(Client(), BASE, **options)
    crm.work(now)

    assert set(statuses) == {200}
    assert ledger() == [("1", stage) for stage in STAGES]
    assert states() == {"1": "closed_won"}
    assert [change.increment for change in told] == [2250, 6750, 0, 6000]
    assert open_events() == []


def test_source_events_come_from_the_history_of_the_deal(crm, now):
    _through(crm, now, stages=STAGES[:1])
    crm.deliver(Client(), BASE)
    crm.work(now)

    row = Deal.objects.get().stage_changes.get()
    at_ms = int((now - timedelta(hours=9)).timestamp() * 1000)
    assert row.source_event == f"hubspot:33:1:dealstage:{at_ms}:appointmentscheduled"
    assert (row.pipeline, row.at) == ("default", now - timedelta(hours=9))


def test_stock_stages_are_mapped_and_others_wait_for_a_person(crm, now):
    crm.do("deal", id="1", stage="closedlost")
    crm.do("deal", id="2", stage="771", pipeline="12")
    crm.deliver(Client(), BASE)
    crm.work(now)

    mapped = StageMapping.objects.values_list("pipeline", "stage", "stage_key").order_by("stage")
    assert list(mapped) == [("12", "771", ""), ("default", "closedlost", "closed_lost")]
    assert states() == {"1": "closed_lost", "2": ""}


def test_a_won_deal_counts_what_it_brought(crm, now, told):
    _through(crm, now)
    crm.do("deal", id="1", properties={"amount": "12000"})
    crm.deliver(Client(), BASE)
    crm.work(now)
    crm.do("deal", id="1", properties={"amount": "12500.50"})
    crm.deliver(Client(), BASE)
    crm.work(now)

    deal = Deal.objects.get()
    values = current_values(workspace=deal.workspace, now=now)
    assert deal.amount == Decimal("12500.50")
    assert sum(one.amount for one in increments_of_deal(deal, values)) == deal.amount
    assert sum(change.increment for change in told) == deal.amount


def test_amounts_of_another_currency_are_not_known_without_a_rate(crm, now):
    _through(crm, now)
    crm.do("deal", id="1", properties={"amount": "12000", "deal_currency_code": "JPY"})
    crm.deliver(Client(), BASE)
    crm.work(now)

    assert Deal.objects.get().amount is None


def test_what_is_read_from_behind_the_event_is_read_again(crm, now, box):
    _through(crm, now, stages=STAGES[:1])
    crm.deliver(Client(), BASE)
    crm.work(now)
    crm.do("deal", id="1", stage="closedwon")
    box.control("settings", {"hubspot_read_lag_s": 10})

    crm.deliver(Client(), BASE)
    crm.work(now)
    behind = InboundEvent.objects.exclude(state="done").get()
    box.control("settings", {"hubspot_read_lag_s": 0})
    crm.work(now + timedelta(seconds=4))
    waited = ledger()
    crm.work(now + timedelta(seconds=5))

    assert behind.next_attempt_at == now + timedelta(seconds=5)
    assert "does not show yet" in behind.error
    assert waited == [("1", "appointmentscheduled")]
    assert ledger() == [("1", "appointmentscheduled"), ("1", "closedwon")]
    assert open_events() == []


@pytest.mark.parametrize(
    ("rule", "wait_s"),
    [({"kind": "hubspot_429"}, 10), ({"kind": "hubspot_429", "policy": "DAILY"}, 3600),
     ({"kind": "hubspot_429", "retry_after_s": 7}, 7),
     ({"kind": "hubspot_status", "code": 423}, 2)],
)  # fmt: skip
def test_refused_for_now_it_waits_as_long_as_it_must(crm, now, rule, wait_s):
    _through(crm, now)
    crm.fault(times=1, **rule)
    crm.deliver(Client(), BASE)
    crm.work(now)

    waiting = set(InboundEvent.objects.filter(kind="deal.creation").values_list(
        "next_attempt_at", "state"))  # fmt: skip
    assert waiting == {(now + timedelta(seconds=wait_s), "received")}
    assert ledger() == []

    crm.work(now + timedelta(seconds=wait_s))
    assert states() == {"1": "closed_won"}
    assert open_events() == []


def test_one_missing_deal_holds_up_no_other(crm, now):
    _through(crm, now, deal="1")
    _through(crm, now, deal="2")
    crm.fault(kind="hubspot_partial", index=0, times=1)
    crm.deliver(Client(), BASE)
    crm.work(now)

    assert states() == {"2": "closed_won"}
    crm.work(now + timedelta(seconds=5))
    assert states() == {"1": "closed_won", "2": "closed_won"}
    assert open_events() == []


@pytest.mark.parametrize("has_event", [True, False])
def test_merged_deals_count_once(crm, now, told, has_event):
    _through(crm, now, deal="1", stages=STAGES[:2])
    _through(crm, now, deal="2", stages=STAGES[:1])
    crm.deliver(Client(), BASE)
    crm.work(now)

    target = crm.do("merge", primary="1", merged=["2"])
    if not has_event:
        crm.deliver(Client(), "https://elsewhere.example")
        for deal, stage in (("1", "contractsent"), ("2", "presentationscheduled")):
            crm.do("deal", id=deal, stage=stage)
    crm.deliver(Client(), BASE)
    crm.work(now)

    counted = Deal.objects.filter(merged_into=None).values_list("external_id", "stage")
    assert list(counted) == [(target, "show_up")]
    assert sum(change.increment for change in told) == 9000


def test_a_deleted_deal_counts_no_more_until_it_is_restored(crm, now, told):
    _through(crm, now, stages=STAGES[:2])
    crm.deliver(Client(), BASE)
    crm.work(now)
    crm.do("delete", id="1")
    crm.deliver(Client(), BASE)
    crm.work(now)
    after_deletion = sum(change.increment for change in told)
    deleted_at = Deal.objects.get().deleted_at

    crm.do("delete", id="1", restore=True)
    crm.deliver(Client(), BASE)
    crm.work(now)

    assert (after_deletion, deleted_at) == (0, now)
    assert Deal.objects.get().deleted_at is None
    assert sum(change.increment for change in told) == 9000


def test_our_own_click_earns_the_deal(crm, now, told):
    ad = AdFactory(workspace=crm.connection.workspace)
    made_at = now - timedelta(hours=9)
    click(ad.workspace, made_at - timedelta(days=1), ad=str(ad.public_id), gclid="Cj0")
    contact = crm.do("contact", properties={"hs_google_click_id": "Cj0"})
    crm.do("deal", id="1", stage=STAGES[0], contacts=[contact], at=made_at.isoformat())
    crm.deliver(Client(), BASE)
    crm.work(now)

    row = Conversion.objects.get()
    assert (row.conversion_id, row.method, row.crm_deal) == ("hubspot:33:1", "url_parameter", "1")
    assert Deal.objects.get().ad == ad
    assert [(change.ad, change.attribution_confidence) for change in told] == [(ad, 1)]


def test_a_click_that_only_the_contact_carries_is_a_click_of_its_date(crm, now):
    ad = AdFactory(workspace=crm.connection.workspace, external_id="4000123")
    clicked_at, made_at = now - timedelta(days=2), now - timedelta(days=1)
    contact = crm.do(
        "contact", at=clicked_at.isoformat(),
        properties={"hs_facebook_click_id": "IwAR1", "utm_content": "4000123"},
    )  # fmt: skip
    crm.do("deal", id="1", stage=STAGES[0], contacts=[contact], at=made_at.isoformat())
    crm.deliver(Client(), BASE)
    crm.work(now)

    row = Conversion.objects.get()
    assert row.attributed_clicked_at == clicked_at
    assert (row.attributed_click.fbclid, row.ad, Deal.objects.get().ad) == ("IwAR1", ad, ad)


def test_a_forgotten_contact_leaves_figures_only(crm, now):
    for consent in ("Freely given consent from contact", "Not applicable"):
        contact = crm.do(
            "contact", properties={"gclid": f"g{len(consent)}", "hs_legal_basis": consent,
                                   "email": f"{len(consent)}@example.com"},
            at=(now - timedelta(days=1)).isoformat(),
        )  # fmt: skip
        crm.do("deal", stage=STAGES[0], contacts=[contact])
    crm.deliver(Client(), BASE)
    crm.work(now)
    known = Identifier.objects.count()

    for contact in ("501", "502"):
        crm.do("forget", contact=contact)
    crm.deliver(Client(), BASE)
    crm.work(now)

    assert known == 2
    assert Identifier.objects.count() == 0
    assert list(Conversion.objects.values_list("gclid", "crm_deal", "extra")) == [("", "", {})] * 2
    assert open_events() == []


def test_nothing_is_lost_while_no_worker_lives(crm, now):
    _through(crm, now)
    assert crm.deliver(Client(), BASE) == [200]
    assert ledger() == []

    crm.work(now + timedelta(days=3))

    assert states() == {"1": "closed_won"}


def test_a_refused_token_stops_the_connection_and_its_events_wait(crm, now, box):
    _through(crm, now)
    box.control("seed", {"accounts": [{"platform": "hubspot", "id": "33", "token": "another",
                                        "client_secret": "s3cret-of-the-app"}]})  # fmt: skip
    crm.deliver(Client(), BASE)
    crm.work(now)

    crm.connection.refresh_from_db()
    assert crm.connection.status == ConnectionStatus.NEEDS_LOGIN
    assert "private-app token" in crm.connection.last_error
    assert InboundEvent.objects.filter(state="failed").count() == 0


def test_events_of_another_portal_are_dropped(crm, now, other_workspace, box):
    box.control("seed", {"accounts": [{"platform": "hubspot", "id": "44", "token": "t",
                                        "client_secret": "s3cret-of-the-app"}]})  # fmt: skip
    box.control("hubspot/deal", {"portal": "44", "id": "1", "stage": "closedwon"})
    _through(crm, now)
    told = box.control("hubspot/deliver", {"portal": "44", "url": BASE + crm.address})["calls"][0]
    headers = {k: v for k, v in told["headers"].items() if k != "Content-Type"}

    answer = Client().post(
        crm.address, told["body"], content_type="application/json", headers=headers
    )

    assert answer.status_code == 200
    assert InboundEvent.objects.count() == 0


def test_a_workspace_without_stage_values_is_told_what_to_do(crm, now, other_workspace, box):
    elsewhere = Crm(box, other_workspace)
    elsewhere.clock(now)
    _through(elsewhere, now)
    elsewhere.deliver(Client(), BASE)
    elsewhere.work(now)

    errors = set(InboundEvent.objects.exclude(error="").values_list("error", flat=True))
    assert ledger() == []
    assert len(errors) == 1
    assert "This workspace has no stage values yet." in errors.pop()


def test_a_hundred_events_are_stored_in_one_statement(crm, now, django_assert_max_num_queries):
    crm.do("deal", id="1", stage="closedwon", properties={f"own_{n}": "x" for n in range(97)})
    client = Client()

    with django_assert_max_num_queries(3):
        statuses = crm.deliver(client, BASE)

    assert statuses == [200]
    assert InboundEvent.objects.count() == 100
    crm.work(now)
    assert ledger() == [("1", "closedwon")]


def test_deals_may_be_merged_into_one_that_was_there(crm, now, told):
    _through(crm, now, deal="1", stages=STAGES[:2])
    _through(crm, now, deal="2", stages=STAGES[:1])
    crm.deliver(Client(), BASE)
    crm.work(now)
    crm.do("merge", primary="1", merged=["2"], new_id="1")

    crm.deliver(Client(), BASE)
    crm.work(now)

    assert list(Deal.objects.filter(merged_into=None).values_list("external_id")) == [("1",)]
    assert sum(change.increment for change in told) == 9000
    assert open_events() == []


def test_a_contact_that_is_linked_later_tells_where_the_deal_came_from(crm, now):
    ad = AdFactory(workspace=crm.connection.workspace)
    click(ad.workspace, now - timedelta(days=1), ad=str(ad.public_id), gclid="Cj0")
    _through(crm, now, stages=STAGES[:1])
    crm.deliver(Client(), BASE)
    crm.work(now)
    before = Conversion.objects.count()

    contact = crm.do("contact", properties={"gclid": "Cj0"})
    crm.do("deal", id="1", contacts=[contact])
    crm.deliver(Client(), BASE)
    crm.work(now)

    assert (before, Deal.objects.get().ad) == (0, ad)
    assert open_events() == []
