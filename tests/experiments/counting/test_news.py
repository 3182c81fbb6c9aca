"""Whatever happens to a unit comes to the counting, in whatever order it is committed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction

from attribution.models import SessionWork, Site
from attribution.services.history import PastConversion, import_conversions, import_people
from attribution.services.identity import merge_people, person_of
from attribution.services.privacy import erase_contact
from attribution.services.website.sessions import sessionise_all
from experiments.models import ABTest, CountingWork, Exposure
from experiments.services.counting import counting
from experiments.services.counting.counting import count_all, count_waiting
from experiments.services.counting.recounting import Recounted, recount_test
from experiments.services.counting.telling import MetVariant, record_exposures
from tests.attribution.steps import convert
from tests.experiments.counting.steps import (
    ANN,
    BOB,
    CID,
    DAY,
    HOUR,
    LATER,
    START,
    added,
    decimals,
    event,
    exposed,
    meet,
    sums,
)
from tests.experiments.steps import draft_of, metric_of, on_site, running_of
from tests.workspaces.factories import UserFactory, WorkspaceFactory
from workspaces.models import Workspace

ONE = decimals(units=1, sum=5, sum_squares=25)


def _sold(workspace: Workspace) -> tuple[ABTest, Site]:
    """A test that is measured by what people buy, wherever."""
    metric = metric_of(workspace, "sale", source="conversion", event="", kind="mean",
                       amount="value")  # fmt: skip
    test = running_of(workspace, at=START, metrics={"primary": metric})
    return test, on_site(test).site


def _count(workspace: Workspace) -> None:
    count_all(workspace=workspace, now=LATER)


def _sum(test: ABTest) -> Any:
    assert recount_test(test=test, now=LATER) == Recounted()
    return added(sums(test), "sale", "blue")


@pytest.mark.django_db
def test_the_sessioniser_queues_visitors_of_sites_with_a_test(workspace: Workspace) -> None:
    test, site = _sold(workspace)
    plain = on_site(draft_of(workspace, "draft")).site
    running_of(workspace, "no-site", at=START)
    for where, visitor in ((site, ANN), (plain, BOB)):
        meet(where, visitor, START, "blue")
    imported = on_site(draft_of(workspace, "old", is_imported=True)).site
    meet(imported, CID, START, "blue")
    CountingWork.objects.all().delete()
    for where, visitor in ((site, ANN), (plain, BOB), (imported, CID)):
        SessionWork.objects.create(
            workspace=workspace, site=where, visitor_key=visitor, since=START, received_at=START
        )

    sessionise_all(workspace=workspace, now=LATER)

    assert set(CountingWork.objects.values_list("site", "unit")) == {
        (site.pk, str(ANN)), (plain.pk, str(BOB)),
    }  # fmt: skip
    _count(workspace)
    assert exposed(test) == {("blue", "", START.date()): (1, 0)}


@pytest.mark.django_db
def test_nobody_is_queued_once_every_window_has_passed(workspace: Workspace) -> None:
    test, _site = _sold(workspace)
    test.status, test.ended_at, test.end_reason = "completed", START + DAY, "person"
    test.save(update_fields=["status", "ended_at", "end_reason"])
    convert(workspace, START + 8 * DAY, key="late", user_id="ann")
    assert not CountingWork.objects.exists()

    convert(workspace, START + 8 * DAY - HOUR, key="in time", user_id="ann")

    assert CountingWork.objects.get().person is not None


@pytest.mark.django_db
def test_a_sale_counts_for_every_name_of_the_person(workspace: Workspace) -> None:
    test, site = _sold(workspace)
    meet(site, ANN, START, "blue")
    _count(workspace)
    convert(workspace, START + HOUR, value="5", visitor_id=str(ANN), user_id="ann")

    _count(workspace)

    assert _sum(test) == ONE


@pytest.mark.django_db
def test_a_sale_before_the_person_is_known_counts_once_he_is(workspace: Workspace) -> None:
    test, site = _sold(workspace)
    meet(site, ANN, START, "blue")
    convert(workspace, START + HOUR, value="5", user_id="ann")
    _count(workspace)
    assert _sum(test) == {"units": 1}

    both = {"user_id": "ann", "visitor_id": str(ANN)}
    person_of(workspace=workspace, identifiers=both, now=LATER)
    _count(workspace)

    assert _sum(test) == ONE


@pytest.mark.django_db
def test_a_merge_brings_the_sales_of_both(workspace: Workspace) -> None:
    test, site = _sold(workspace)
    meet(site, ANN, START, "blue")
    left = convert(workspace, START + HOUR, value="5", user_id="ann").person
    right = person_of(workspace=workspace, identifiers={"visitor_id": str(ANN)}, now=START)
    _count(workspace)

    merge_people(left=left, right=right, by=UserFactory(), reason="Same.", now=LATER)
    _count(workspace)

    assert _sum(test) == ONE


@pytest.mark.django_db
def test_a_history_that_is_imported_counts(workspace: Workspace) -> None:
    test, _site = _sold(workspace)
    met = MetVariant(unit="ann", variant="blue", at=START)
    record_exposures(test=test, met=[met], now=LATER)
    person = import_people(workspace=workspace, user_ids=["ann"], now=LATER)[0]
    past = PastConversion("1", "purchase", START + HOUR, Decimal(5), person)

    import_conversions(workspace=workspace, conversions=[past], now=LATER)
    _count(workspace)

    assert _sum(test) == ONE


@pytest.mark.django_db
def test_an_erased_contact_takes_his_sale_from_whoever_it_counted_for(
    workspace: Workspace,
) -> None:
    test, _site = _sold(workspace)
    met = MetVariant(unit="ann", variant="blue", at=START)
    record_exposures(test=test, met=[met], now=LATER)
    row = convert(workspace, START + HOUR, value="5", user_id="ann")
    row.extra = {"crm_contacts": ["77"]}
    row.save(update_fields=["extra"])
    _count(workspace)

    erase_contact(workspace=workspace, contact="77", now=LATER)
    _count(workspace)

    assert _sum(test) == {"units": 1}


@pytest.mark.django_db
def test_a_chunk_that_fails_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    test, site = _sold(workspace)
    meet(site, ANN, START, "blue")

    def fail(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(counting, "bump", fail)
        with pytest.raises(RuntimeError):
            _count(workspace)

    assert (Exposure.objects.count(), CountingWork.objects.count()) == (0, 1)
    _count(workspace)
    assert exposed(test) == {("blue", "", START.date()): (1, 0)}


def _in_thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_later_is_counted_later() -> None:
    workspace = WorkspaceFactory()
    test, site = _sold(workspace)
    meet(site, ANN, START, "blue")
    person_of(workspace=workspace, identifiers={"visitor_id": str(ANN)}, now=START)
    sold, counted = threading.Event(), threading.Event()

    def sell() -> None:
        with transaction.atomic():
            convert(workspace, START + HOUR, value="5", visitor_id=str(ANN))
            sold.set()
            counted.wait(20)

    thread = _in_thread(sell)
    sold.wait(20)
    _count(workspace)
    assert added(sums(test), "sale", "blue") == {"units": 1}
    counted.set()
    thread.join(20)
    _count(workspace)

    assert _sum(test) == ONE


@pytest.mark.django_db(transaction=True)
def test_two_workers_count_everything_once() -> None:
    workspace = WorkspaceFactory()
    test, site = _sold(workspace)
    for visitor in (ANN, BOB, CID):
        meet(site, visitor, START, "blue")
        event(site, visitor, START + HOUR)

    def work() -> None:
        while count_waiting(workspace=workspace, now=LATER, most=1).worked:
            pass

    threads = [_in_thread(work) for _ in range(2)]
    for thread in threads:
        thread.join(60)

    assert exposed(test) == {("blue", "", START.date()): (3, 0)}
    assert _sum(test) == {"units": 3}
    assert connection.in_atomic_block is False
