"""Words that most rows hold: which are left out of the index, and that the same is found then."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from tests.database import only_index
from workspaces import common_words
from workspaces.models import Proposal
from workspaces.models.gate import PROPOSAL_WORDS, WORDS_INDEX
from workspaces.search import first_keys, narrow, narrow_in_order

ROWS = 200
_read = common_words._read


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    """Read statistics, which other tests do without."""
    monkeypatch.setattr(common_words, "_read", _read)
    common_words.forget()
    yield
    common_words.forget()


@pytest.fixture
def proposals(workspace) -> None:
    """Ad sets with numbers, of which one in a hundred is no ad set; most budgets go up or down."""
    Proposal.objects.bulk_create(
        Proposal(
            workspace=workspace, kind="note", proposer_type="model", proposer_key="model:sampler",
            created_at=timezone.now(), subject_key=f"meta:{number}",
            subject_label=f"{'Audience' if number % 100 == 7 else 'Ad set'} n{number:03}",
            proposer_label="North" if number % 20 < 11 else "South",
            summary=f"Budget {'goes up' if number % 10 < 6 else 'goes down'}",
        )
        for number in range(ROWS)
    )  # fmt: skip


@pytest.fixture
def counted(proposals) -> None:
    """The same with the database's statistics of their words."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE workspaces_proposal")
    common_words.forget()


def _plan(text: str) -> str:
    rows = narrow(Proposal.objects.all(), PROPOSAL_WORDS, text)
    only_index(WORDS_INDEX)
    return rows.explain()


@pytest.mark.parametrize(
    ("text", "rare", "common"),
    [
        ("ad set n077", ["n077"], ["ad", "set"]),
        ("Ad n077 Ad", ["n077"], ["Ad"]),
        ("ad set", [], ["ad", "set"]),
        ("n077 zebra", ["n077", "zebra"], []),
        ("goes down set", ["down"], ["goes", "set"]),
        # Each is in more than half of the rows, and both might be in few.
        ("up north", ["north"], ["up"]),
        ("", [], []),
    ],
)
def test_words_of_most_rows_are_set_apart(counted, text, rare, common):
    found, left_out = common_words.apart(WORDS_INDEX, text.split())

    assert (found, sorted(left_out)) == (rare, sorted(common))


def test_without_statistics_every_word_is_looked_up(proposals):
    assert common_words.apart(WORDS_INDEX, ["ad", "n077"]) == (["ad", "n077"], [])
    assert common_words.apart("", ["ad", "n077"]) == (["ad", "n077"], [])
    assert not common_words.are_rare(WORDS_INDEX, ["n077"])


def test_statistics_are_read_once(counted, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(common_words.time, "monotonic", lambda: 1.0)

    with django_assert_num_queries(1):
        for _ in range(3):
            common_words.apart(WORDS_INDEX, ["ad"])

    monkeypatch.setattr(common_words.time, "monotonic", lambda: 3_600.0)
    with django_assert_num_queries(1):
        common_words.apart(WORDS_INDEX, ["ad"])


def test_the_index_is_asked_for_the_rare_word_alone(counted):
    plan = _plan("ad set n077")

    looked_up = plan.partition("Index Cond: ")[2].partition("\n")[0]
    assert "n077" in looked_up
    assert "'ad'" not in looked_up
    assert "'set'" in plan


def test_the_index_is_not_asked_for_words_that_are_all_common(counted):
    assert "Index Cond" not in _plan("ad set")


@pytest.mark.parametrize(
    "text",
    ["ad set n077", "ad n077", "audience n1", "ad set n107", "up down", "AD SET N01", "ad set"],
)
def test_the_same_is_found_with_statistics_and_without(proposals, text):
    def found() -> tuple[list[int], list[int]]:
        common_words.forget()
        rows = Proposal.objects.order_by("-pk")
        few, fits = narrow_in_order(rows, PROPOSAL_WORDS, text)
        narrowed = narrow(rows, PROPOSAL_WORDS, text).values_list("pk", flat=True)
        return list(narrowed), first_keys(few, fits, ROWS)

    before = found()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE workspaces_proposal")
    after = found()

    assert before == after
    assert before[0] == before[1]


def test_common_words_are_looked_for_in_order_where_the_others_are_rare(counted):
    rows = Proposal.objects.order_by("-pk")

    few, fits = narrow_in_order(rows, PROPOSAL_WORDS, "ad set n077")
    many, nothing_left = narrow_in_order(rows, PROPOSAL_WORDS, "ad set up")

    assert fits is not None
    assert nothing_left is None
    assert first_keys(few, fits, 1) == list(
        rows.filter(subject_key="meta:77").values_list("pk", flat=True)
    )
    assert len(first_keys(many, nothing_left, 50)) == 50
