"""What may have changed a figure: its step, and a ranking of what happened before it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from campaigns.models import AdSet
from campaigns.services.sync_job import SYNC_JOB
from tests.api.conftest import key_client
from tests.campaigns.change_steps import ad_set_in, connected, days, policy_of, propose
from tests.workspaces.gate_steps import walked_to
from workspaces import scopes
from workspaces.models import JobRun, Proposal, Status
from workspaces.selectors_explain import NO_PROOF, explain

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DIP = date(2026, 11, 14)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def carried_out(ad_set: AdSet, value: int, approver, at: datetime) -> Proposal:
    proposal = walked_to(Status.EXECUTED, propose(ad_set, value, NOW), approver)
    Proposal.objects.filter(pk=proposal.pk).update(executed_at=at)
    return proposal


@pytest.fixture
def dipped(workspace, approver) -> dict[str, Proposal]:
    """Revenue falls on the 14th; one budget was cut the day before, another raised long before."""
    policy_of(workspace)
    account = connected(workspace)
    one, other = (
        ad_set_in(account, campaign__account=account, campaign__channel=channel)
        for channel in ("facebook", "tiktok")
    )
    days(account, [one, other], count=40, scale_after=(DIP - timedelta(days=1), 0.2))
    eve = datetime.combine(DIP - timedelta(days=1), time(15), UTC)
    return {
        "cut": carried_out(one, 90, approver, eve),
        "raised": carried_out(other, 110, approver, eve - timedelta(days=4)),
        "long ago": carried_out(ad_set_in(account), 110, approver, eve - timedelta(days=20)),
    }


def test_the_step_is_found_and_what_came_before_is_ranked(dipped, workspace):
    JobRun.objects.create(workspace=workspace, name=SYNC_JOB, state="failed",
                          queued_at=datetime(2026, 11, 9, tzinfo=UTC))  # fmt: skip

    found = explain(workspace=workspace, name="revenue", day=date(2026, 11, 15), scoped={}, now=NOW)

    assert found.changed_on == DIP
    assert found.after < found.before / 3
    assert found.said.startswith("Revenue fell from $")
    assert [one.title for one in found.candidates] == [
        dipped["cut"].summary, dipped["raised"].summary, "A sync failed",
    ]  # fmt: skip
    assert found.candidates[0].reasons[0] == "1 day before"
    assert "predicted to move it so" in found.candidates[0].reasons
    assert "predicted the other way" in found.candidates[1].reasons
    assert [one.day for one in found.chart.changes][-1] == DIP - timedelta(days=1)


def test_what_belongs_to_the_same_campaign_stands_first(dipped, workspace):
    campaign = AdSet.objects.get(pk=dipped["raised"].ad_change.entity_id).campaign

    found = explain(
        workspace=workspace, name="ctr", day=DIP, now=NOW,
        scoped={"campaign": str(campaign.public_id)},
    )  # fmt: skip

    assert found.changed_on is None
    assert found.said.startswith("No lasting change")
    assert "same campaign" in found.candidates[0].reasons


def test_the_page_says_that_it_proves_nothing(
    dipped, workspace, viewer, outsider, client_as, django_assert_max_num_queries
):
    asked = {"metric": "revenue", "day": "2026-11-14"}
    client = client_as(viewer)
    client.get("/ledger/explain/")
    with django_assert_max_num_queries(12):
        page = client.get("/ledger/explain/", asked).content.decode()

    assert NO_PROOF in page
    assert dipped["cut"].summary in page
    assert dipped["cut"].summary not in client_as(outsider).get("/ledger/explain/", asked).text
    assert client.get("/ledger/explain/", {"metric": "x", "day": "x"}).status_code == 200


def test_over_rest(dipped, workspace, other_workspace):
    asked = {"metric": "revenue", "day": "2026-11-14"}
    client = key_client(workspace, [scopes.CHANGES_READ])

    told = client.get("/api/ledger/explain/", asked).json()
    other = key_client(other_workspace, [scopes.CHANGES_READ])

    assert (told["changed_on"], told["note"]) == ("2026-11-14", NO_PROOF)
    assert told["candidates"][0]["proposal"] == str(dipped["cut"].public_id)
    assert other.get("/api/ledger/explain/", asked).json()["candidates"] == []
    refused = client.get("/api/ledger/explain/", {**asked, "metric": "x"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "metric")
