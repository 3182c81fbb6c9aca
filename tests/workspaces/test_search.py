"""Search by the beginnings of words: what is found, and that nothing typed is an operator."""

from __future__ import annotations

import pytest

from tests.database import only_index
from workspaces.models import Proposal
from workspaces.models.gate import PROPOSAL_WORDS
from workspaces.search import narrow


@pytest.fixture
def proposals(workspace, now) -> None:
    """Two proposals that differ in every word searched for."""
    texts = [
        {
            "subject_key": "meta:act_77:adset:2385/12.x:budget",
            "subject_label": "Prospecting – Frühling",
            "summary": "Prospecting: budget 100.50 → 120 USD (+19.4 %).",
        },
        {
            "subject_key": "google:5:campaign:9:status",
            "subject_label": "Retargeting",
            "summary": "Pause Retargeting",
        },
    ]
    for words in texts:
        Proposal.objects.create(
            workspace=workspace,
            kind="note",
            proposer_type="model",
            proposer_key="model:sampler",
            created_at=now,
            **words,
        )


def _found(text: str) -> list[str]:
    return [
        proposal.subject_label.split()[0]
        for proposal in narrow(Proposal.objects.order_by("pk"), PROPOSAL_WORDS, text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prosp", ["Prospecting"]),
        ("PROSP budg", ["Prospecting"]),
        ("prosp pause", []),
        ("specting", []),
        ("Frühl", ["Prospecting"]),
        ("2385", ["Prospecting"]),
        ("act_77", ["Prospecting"]),
        ("2385/12.x", ["Prospecting"]),
        ("100.50", ["Prospecting"]),
        ("+19.4 %", ["Prospecting"]),
        ("pause retarg", ["Retargeting"]),
        ("zebra", []),
    ],
)
def test_every_typed_word_begins_a_word(proposals, text, expected):
    assert _found(text) == expected


@pytest.mark.parametrize(
    "text", ["", "   ", "&", "!", "|()", "'", "''", ":*", "\\", "%", "\x00", "<->", "–"]
)
def test_without_a_word_nothing_is_left_out(proposals, text):
    assert _found(text) == ["Prospecting", "Retargeting"]


@pytest.mark.parametrize(
    "text", ["!prosp", "prosp | retarg", "prosp:A", "'prosp'", "(prosp", "prosp\\", "prosp & !x"]
)
def test_operators_are_no_operators(proposals, text):
    assert "Retargeting" not in _found(text)


@pytest.mark.parametrize("text", ["½", "a" * 3000, "x " * 500, "प्रयोग", "🦓", "1e5 1.2.3.4 a@b.c"])
def test_odd_words_find_nothing_and_break_nothing(proposals, text):
    assert isinstance(_found(text), list)


def test_search_uses_its_index(proposals):
    rows = narrow(Proposal.objects.all(), PROPOSAL_WORDS, "prosp")

    only_index("workspaces_proposal_words")
    plan = rows.explain()

    assert "workspaces_proposal_words" in plan
