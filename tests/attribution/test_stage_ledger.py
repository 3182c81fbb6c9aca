"""The ledger of stage changes: order and replays change nothing, and nobody rewrites it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.engine.synthetic_revenue import stage_worth
from attribution.models import (
    Deal,
    PipelineStage,
    StageChange,
    StageMapping,
    StageValue,
    SyntheticRevenueConfig,
    SyntheticRevenueSummary,
)
from attribution.selectors.revenue import (
    NoStageValuesError,
    credited_stock,
    current_values,
    increments_of_deal,
    stock_value,
)
from attribution.services.crm_stages import map_stage
from attribution.services.ledger import (
    DealRef,
    KnownAmount,
    OtherStageChangeError,
    SeenMove,
    record_moves,
)
from attribution.services.stage_values import install_template
from tests.attribution.stage_steps import CRM, document, installed, moved
from tests.campaigns.factories import AdFactory
from tests.examples import examples
from workspaces.gate import NotAllowedError, RequestError, StateError

KEYS = ["lead", "appointment_scheduled", "show_up", "closed_won", "closed_lost", "mystery"]
_names = count()


@pytest.fixture
def ptd(workspace, now):
    """A workspace with the fitness template."""
    return installed(workspace, now - timedelta(days=9))


moves = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 4)), min_size=1, max_size=6).map(
    lambda rows: [(f"e{place}", *row) for place, row in enumerate(rows)]
)


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seen=moves, data=st.data())
def test_any_order_and_replays_end_in_the_same_totals(ptd, now, seen, data):
    shuffled = data.draw(st.permutations(seen))
    again = data.draw(st.lists(st.sampled_from(seen), max_size=4))
    values = current_values(workspace=ptd, now=now)

    totals = []
    for order in (seen, [*shuffled, *again]):
        name = f"deal-{next(_names)}"
        for event, stage, day in order:
            told = SeenMove(f"{name}-{event}", stage, now - timedelta(days=day))
            deal = record_moves(workspace=ptd, deal=DealRef(CRM, name), moves=[told], now=now).deal
        found = increments_of_deal(deal, values)
        assert sum(row.amount for row in found) == stage_worth(values, deal.stage).value
        totals.append((deal.stage, deal.moved_at, [row.amount for row in found]))

    assert totals[0] == totals[1]


def test_late_event_does_not_move_a_deal_back(ptd, now):
    moved(ptd, "d", "show_up", now)

    late = moved(ptd, "d", "lead", now, at=now - timedelta(days=2))

    assert (late.deal.stage, late.deal.moved_at, late.new_moves) == ("show_up", now, 1)


def test_event_with_other_facts_is_refused(ptd, now):
    moved(ptd, "d", "lead", now)
    lying = SeenMove("d:lead", "show_up", now)

    with pytest.raises(OtherStageChangeError, match="'d:lead' is in the ledger"):
        record_moves(workspace=ptd, deal=DealRef(CRM, "d"), moves=[lying], now=now)
    with pytest.raises(OtherStageChangeError):
        record_moves(
            workspace=ptd, deal=DealRef(CRM, "e"), moves=[lying, SeenMove("d:lead", "lead", now)],
            now=now,
        )  # fmt: skip

    assert StageChange.objects.get().stage == "lead"
    assert Deal.objects.get().stage == "lead"


def test_workspace_without_values_is_refused_and_never_gets_anothers(ptd, other_workspace, now):
    with pytest.raises(NoStageValuesError, match="no stage values yet"):
        moved(other_workspace, "d", "lead", now)

    assert not Deal.objects.exists()


def test_two_workspaces_may_use_the_same_event(ptd, other_workspace, now):
    installed(other_workspace, now)

    moved(ptd, "d", "lead", now)
    moved(other_workspace, "d", "show_up", now)

    assert list(Deal.objects.order_by("pk").values_list("stage", flat=True)) == ["lead", "show_up"]


def test_amount_known_last_wins_whatever_the_order(ptd, now):
    early, late = KnownAmount(Decimal(9), now - timedelta(days=1)), KnownAmount(Decimal(7), now)

    for amount in (late, early):
        deal = moved(ptd, "d", "closed_won", now, amount=amount).deal

    assert (deal.amount, deal.amount_at) == (7, now)
    found = increments_of_deal(deal, current_values(workspace=ptd, now=now))
    assert [(row.amount, row.confidence) for row in found] == [(7, 1)]


def test_stage_nobody_mapped_is_listed_once_and_worth_nothing(ptd, now):
    move = SeenMove("1", "98765", now, pipeline="default", label="Trial")
    ref = DealRef("hubspot", "d", "33")
    for _ in range(2):
        deal = record_moves(workspace=ptd, deal=ref, moves=[move], now=now).deal

    mapping = StageMapping.objects.get()
    assert (mapping.stage, mapping.label, mapping.stage_key) == ("98765", "Trial", "")
    assert deal.stage == ""
    (found,) = increments_of_deal(deal, current_values(workspace=ptd, now=now))
    assert (found.amount, found.is_known) == (0, False)


def test_mapping_a_stage_moves_its_deals_there(ptd, now, admin, operator):
    move = SeenMove("1", "98765", now, pipeline="default")
    deal = record_moves(
        workspace=ptd, deal=DealRef("hubspot", "d", "33"), moves=[move], now=now
    ).deal
    mapping = StageMapping.objects.get()

    with pytest.raises(NotAllowedError):
        map_stage(mapping=mapping, stage_key="show_up", by=operator, now=now)
    with pytest.raises(RequestError, match="There is no stage 'nope'"):
        map_stage(mapping=mapping, stage_key="nope", by=admin, now=now)
    map_stage(mapping=mapping, stage_key="show_up", by=admin, now=now)

    deal.refresh_from_db()
    assert deal.stage == "show_up"
    (found,) = increments_of_deal(deal, current_values(workspace=ptd, now=now))
    assert found.amount == 9000


@pytest.mark.parametrize("table", ["StageChange", "SyntheticRevenueConfig", "PipelineStage"])
def test_ledger_and_versions_are_append_only(table, ptd, now):
    moved(ptd, "d", "lead", now)
    model = {
        "StageChange": StageChange,
        "SyntheticRevenueConfig": SyntheticRevenueConfig,
        "PipelineStage": PipelineStage,
    }[table]

    for statement in ("DELETE FROM {}", "UPDATE {} SET id = id"):
        with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(model._meta.db_table))

    assert model.objects.exists()


def test_version_takes_no_more_stages_and_no_second_one_without_proposal(ptd, now):
    config = SyntheticRevenueConfig.objects.get()
    more = {"key": "x", "label": "X", "order": 99, "value": 99999, "confidence": 1}

    with pytest.raises(IntegrityError, match="is complete"), transaction.atomic():
        PipelineStage.objects.create(config=config, **more)
    config.pk, config.version = None, 2
    with pytest.raises(IntegrityError, match="signed"), transaction.atomic():
        config.save(force_insert=True)

    assert PipelineStage.objects.count() == 5


def test_template_is_for_the_start_only(ptd, now):
    with pytest.raises(StateError, match="propose a change"):
        install_template(workspace=ptd, template="ecommerce", now=now)
    with pytest.raises(RequestError, match="known: ptd_fitness, ecommerce, b2b_saas"):
        install_template(workspace=ptd, template="nope", now=now)

    assert SyntheticRevenueConfig.objects.get().template == "ptd_fitness"


def test_view_of_stage_values(ptd, other_workspace, now):
    installed(other_workspace, now, "ecommerce")

    rows = StageValue.objects.filter(tenant_id=ptd.slug).order_by("stage_value", "stage_name")

    assert [(row.stage_name, row.stage_value, row.stage_confidence) for row in rows] == [
        ("closed_lost", 0, 1),
        ("lead", 0, Decimal("0.1")),
        ("appointment_scheduled", 2250, Decimal("0.6")),
        ("show_up", 9000, Decimal("0.85")),
        ("closed_won", 15000, 1),
    ]
    assert rows[2].stage_description == "Agreed to a first session."


def test_summary_agrees_with_the_increments(ptd, other_workspace, now):
    ad = AdFactory(ad_set__campaign__account__workspace=ptd)
    installed(other_workspace, now)
    moved(other_workspace, "x", "show_up", now)
    moved(ptd, "a", "show_up", now, ad=ad)
    moved(ptd, "b", "closed_won", now, amount=KnownAmount(Decimal(12000), now), ad=ad)
    moved(ptd, "c", "closed_won", now)
    moved(ptd, "m", "mystery", now)
    gone = moved(ptd, "g", "show_up", now).deal
    Deal.objects.filter(pk=gone.pk).update(deleted_at=now)

    rows = SyntheticRevenueSummary.objects.filter(tenant_id=ptd.slug)
    found = {
        row.stage_name: (row.deals, row.credited_deals, row.pipeline_value, row.confident_value)
        for row in rows
    }
    assert found == {
        "show_up": (1, 1, 9000, 7650),
        "closed_won": (2, 1, 27000, 27000),
        "": (1, 0, 0, 0),
    }
    assert not rows.get(stage_name="").is_known
    values = current_values(workspace=ptd, now=now)
    assert stock_value(credited_stock(ptd)[ad.pk], values) == 21000


def test_document_of_steps_is_the_template(ptd, now):
    assert document()["stages"][1] == {
        "key": "appointment_scheduled",
        "label": "Appointment scheduled",
        "order": 2,
        "value": "2250",
        "confidence": "0.6",
        "description": "Agreed to a first session.",
        "outcome": "open",
    }
