"""The ledger over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import key_client
from tests.workspaces.gate_steps import run_due, signed
from workspaces import scopes
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db
LEDGER = "/api/ledger/"


def test_it_lists_what_was_carried_out_by_pages(
    note: Any, workspace: Workspace, other_workspace: Workspace, approver: User, now: Any
) -> None:
    for number in range(3):
        signed(workspace, approver, now + timedelta(hours=number), page=f"p{number}")
        run_due(now + timedelta(hours=number))
    client = key_client(workspace, [scopes.CHANGES_READ])
    other = key_client(other_workspace, [scopes.CHANGES_READ])

    first = client.get(LEDGER, {"page_size": 2}).json()
    second = client.get(first["next"]).json()

    assert [row["subject"] for row in first["results"]] == ["Page p2", "Page p1"]
    assert [row["subject"] for row in second["results"]] == ["Page p0"]
    row = first["results"][0]
    assert (row["before"], row["after"], row["effect"]) == ("blank", "hello", "none")
    assert row["money_at_stake"] == {"amount": "10.00", "currency": "USD"}
    assert row["signed_by"] == [str(approver)]
    assert [r["subject"] for r in client.get(LEDGER, {"search": "p1"}).json()["results"]] == [
        "Page p1"
    ]
    assert client.get(LEDGER, {"outcome": "failed"}).json()["results"] == []
    assert other.get(LEDGER).json()["results"] == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"outcome": "x"}, "outcome"), ({"from": "0001-01-01"}, "from"), ({"effect": "x"}, "effect"),
     ({"campaign": "x"}, "campaign"), ({"cursor": "x"}, "cursor")],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(
    workspace: Workspace, asked: dict[str, str], field: str
) -> None:
    answer = key_client(workspace, [scopes.CHANGES_READ]).get(LEDGER, asked)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
