"""Who becomes a winner, who stays one, and what a worker reads of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from mlops.models import Winner, WinnerLibrary, WinnerPolicy, WinnerSnapshot
from mlops.selectors.winners import policy_of, qualifying
from mlops.services.winners import indexes
from mlops.services.winners.indexes import Shelf, save_index, similar_winners
from mlops.services.winners.searching import warm_up_winners
from tests.campaigns.factories import AdFactory
from tests.mlops.winners.steps import (
    COATS,
    SHOES,
    ad_saying,
    did_well,
    directions,
    winner_with,
)
from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.models import Notification
from workspaces.services.jobs import run_job

pytestmark = pytest.mark.usefixtures("fresh_process")


def collect(workspace, now):
    return run_job(workspace=workspace, name="winners", trigger="test", now=now)


def found(workspace, vector, now, **words):
    asked = {"embedder": "given", "least": -1.0, "most": 10, **words}
    return similar_winners(workspace=workspace, vector=vector, now=now, **asked)


@pytest.mark.parametrize(
    ("figures", "is_winner"),
    [
        ({}, True),
        ({"clicks": 60, "revenue": Decimal(180)}, False),  # exactly on both lines
        ({"clicks": 61, "revenue": Decimal(0)}, True),  # by its clicks
        ({"clicks": 30, "revenue": Decimal(181)}, True),  # by its return
        ({"clicks": 29}, False),
        ({"impressions": 999, "clicks": 50}, False),
        ({"spend": Decimal("49.99")}, False),
        ({"conversions": Decimal("0.5")}, False),
        ({"day": "2026-11-21"}, False),  # of today
    ],
)
def test_lines_of_the_policy(workspace, now, figures, is_winner):
    ad = ad_saying(workspace, SHOES)
    did_well(ad, **figures)

    rows = qualifying(workspace, policy_of(workspace), now)

    assert [row.ad_id for row in rows] == ([ad.pk] if is_winner else [])


def test_lines_are_the_workspaces_and_untrusted_conversions_make_no_winner(
    workspace, other_workspace, now
):
    ad, foreign = ad_saying(workspace, SHOES), ad_saying(other_workspace, SHOES)
    did_well(ad), did_well(foreign)

    policy = WinnerPolicy.objects.create(workspace=workspace, ctr_above_pct=6, roas_above=4)
    assert qualifying(workspace, policy, now) == []
    policy.roas_above = Decimal("3.9")
    assert [row.roas for row in qualifying(workspace, policy, now)] == [4.0]
    type(ad.account).objects.filter(pk=ad.account_id).update(has_usable_conversions=False)
    assert qualifying(workspace, policy_of(workspace), now) == []


def test_job_keeps_new_winners_follows_texts_and_drops_who_is_none_any_more(workspace, now):
    shoes, coats, mute = (ad_saying(workspace, text) for text in (SHOES, COATS, ""))
    for ad in (shoes, coats, mute):
        did_well(ad)

    first = collect(workspace, now)
    assert first.counts == {"winners": 2, "read": 2, "dropped": 0, "without_text": 1, "saved": 1}
    row = Winner.objects.get(ad=shoes)
    assert (row.text, row.traits) == (
        f"{SHOES}\nformat: image", {"headline": SHOES, "format": "image"},
    )  # fmt: skip
    assert (row.ctr, row.roas, row.age_h, row.channel) == (0.05, 4.0, 33, "meta")

    again = collect(workspace, now + timedelta(hours=6))
    assert again.counts == {"winners": 2, "read": 0, "dropped": 0, "without_text": 1, "saved": 0}
    assert Winner.objects.get(ad=shoes).age_h == 39

    shoes.creative.headline = "Sandals for summer"
    shoes.creative.save()
    did_well(coats, day="2026-11-19", impressions=9_000, revenue=Decimal(0))
    third = collect(workspace, now + timedelta(hours=12))
    assert third.counts == {"winners": 1, "read": 1, "dropped": 1, "without_text": 1, "saved": 1}
    assert Winner.objects.get().text == "Sandals for summer\nformat: image"
    vector = HashedTfidf().embed(["Sandals for summer\nformat: image"])[0]
    matches = found(workspace, vector, now, embedder="hashed-tfidf-1").matches
    assert [match.id for match in matches] == [Winner.objects.get().pk]


def test_another_embedder_reads_all_texts_again(workspace, now):
    ad = ad_saying(workspace, SHOES)
    did_well(ad)
    winner_with(workspace, directions(1)[0], now, embedder="old one", text=COATS)
    winner_with(workspace, directions(1)[0], now)
    collect(workspace, now)
    Winner.objects.filter(ad=ad).update(embedder="old one")

    collect(workspace, now + timedelta(hours=6))

    names = Winner.objects.order_by("pk").values_list("embedder", flat=True)
    assert list(names) == ["hashed-tfidf-1", "given", "hashed-tfidf-1"]


def test_adding_again_changes_nothing_and_a_new_vector_replaces_the_old(workspace, now):
    one, two = directions(2, seed=5)
    winner = winner_with(workspace, one, now)
    assert WinnerLibrary.objects.get().version == 1

    assert winner_with(workspace, one, now, ad=winner.ad).pk == winner.pk
    assert WinnerLibrary.objects.get().version == 1
    assert found(workspace, one, now).matches[0].similarity == pytest.approx(1, abs=1e-5)

    winner_with(workspace, two, now, ad=winner.ad)
    assert Winner.objects.count() == 1
    assert found(workspace, two, now).matches[0].similarity == pytest.approx(1, abs=1e-5)
    assert found(workspace, one, now).compared == 1


def test_index_is_that_of_all_vectors_in_every_process(workspace, now):
    vectors = directions(40)
    rows = [winner_with(workspace, vector, now) for vector in vectors[:30]]
    other_process = Shelf()

    def ask(shelf, vector):
        found = shelf.find(
            workspace=workspace, embedder="given", vector=vector, most=5, least=-1.0, among=None,
            now=now,
        )  # fmt: skip
        return [match.id for match in found.matches]

    def brute(vector):
        near = vectors[: len(rows)] @ vector
        return [rows[place].pk for place in np.argsort(-near, kind="stable")[:5]]

    assert ask(indexes.shelf, vectors[3]) == ask(other_process, vectors[3]) == brute(vectors[3])
    save_index(workspace=workspace, embedder="given", now=now)
    rows += [winner_with(workspace, vector, now) for vector in vectors[30:]]
    for vector in (vectors[35], vectors[20]):
        # One has read all before, one knows part of it, one starts from what is saved.
        assert ask(indexes.shelf, vector) == brute(vector)
        assert ask(other_process, vector) == brute(vector)
        assert ask(Shelf(), vector) == brute(vector)


def test_unchanged_index_costs_one_query(workspace, now, django_assert_num_queries):
    winner_with(workspace, directions(1)[0], now)
    found(workspace, directions(1)[0], now)

    with django_assert_num_queries(1):
        found(workspace, directions(1)[0], now)


def test_warm_worker_has_the_index_loaded(workspace, now, django_assert_num_queries):
    vector = directions(1)[0]
    winner = winner_with(workspace, vector, now, embedder="hashed-tfidf-1")

    warm_up_winners(now=now)

    with django_assert_num_queries(1):
        matches = found(workspace, vector, now, embedder="hashed-tfidf-1").matches
    assert [match.id for match in matches] == [winner.pk]


def test_indexes_of_workspaces_and_embedders_stay_apart(workspace, other_workspace, now):
    vector = directions(1)[0]
    winner_with(workspace, vector, now)
    winner_with(other_workspace, vector, now)
    winner_with(workspace, vector, now, embedder="another")

    assert found(workspace, vector, now).compared == 1
    assert found(workspace, vector, now, embedder="a third").compared == 0


def test_damaged_snapshot_is_told_and_the_index_made_anew(workspace, admin, now, tmp_path):
    vector = directions(1)[0]
    winner = winner_with(workspace, vector, now)
    save_index(workspace=workspace, embedder="given", now=now)
    _spoil()

    assert [match.id for match in found(workspace, vector, now).matches] == [winner.pk]
    assert Notification.objects.get(user=admin).topic == "winners.snapshot"
    assert list(tmp_path.rglob("*.index")) == []
    assert save_index(workspace=workspace, embedder="given", now=now)
    indexes.shelf.clear()
    assert [match.id for match in found(workspace, vector, now).matches] == [winner.pk]
    assert Notification.objects.count() == 1


def _spoil():
    """Change stored bytes below the database's own checks, as a failing disk would."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mlops_winnersnapshot DISABLE TRIGGER USER")
        cursor.execute(
            "ALTER TABLE mlops_winnersnapshot DROP CONSTRAINT mlops_winnersnapshot_sha256"
        )
        cursor.execute("UPDATE mlops_winnersnapshot SET data = set_byte(data, 40, 1)")
        connection.check_constraints()
        cursor.execute("ALTER TABLE mlops_winnersnapshot ENABLE TRIGGER USER")


def test_snapshot_is_read_from_disk_and_a_spoilt_file_from_the_row(workspace, now, tmp_path):
    vector = directions(1)[0]
    winner_with(workspace, vector, now)
    save_index(workspace=workspace, embedder="given", now=now)
    found(workspace, vector, now)
    (kept,) = tmp_path.rglob("*.index")
    assert kept.stem == WinnerSnapshot.objects.get().sha256

    kept.write_bytes(b"spoilt")
    indexes.shelf.clear()
    assert found(workspace, vector, now).compared == 1
    assert Notification.objects.count() == 0
    assert kept.stat().st_size == WinnerSnapshot.objects.get().size_bytes


def test_database_refuses_vectors_of_another_length_and_ads_of_others(
    workspace, other_workspace, now
):
    winner = winner_with(workspace, directions(1)[0], now)
    with pytest.raises(IntegrityError, match="mlops_winner_dimensions"), transaction.atomic():
        Winner.objects.update(embedding=bytes(40))
    foreign = AdFactory(ad_set__campaign__account__workspace=other_workspace)

    with pytest.raises((IntegrityError, InternalError), match="another workspace"):
        Winner.objects.filter(pk=winner.pk).update(ad=foreign)
