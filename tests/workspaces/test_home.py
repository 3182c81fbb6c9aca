"""The home page: what waits for whom, what changed, and that nothing of others is counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests import admin_rows
from tests.campaigns.factories import AdAccountFactory
from tests.campaigns.signal_rows import signal_of
from tests.inbox.steps import conversation_of
from tests.outreach.steps import contact_of
from tests.workspaces import note_kind
from tests.workspaces.factories import ConnectionFactory
from tests.workspaces.gate_steps import propose
from workspaces import selectors_home
from workspaces.gate import Proposer
from workspaces.home import Asked
from workspaces.models import Notification, Proposal
from workspaces.roles import Role
from workspaces.selectors_home import mine_to_sign, stake_of, waiting

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _numbers(page, part: str) -> dict[str, str]:
    return {line.figure.key: line.number for line in page.context[part]}


def _asked(user) -> Asked:
    member = user.memberships.get()
    return Asked(member, member.rank, timezone.now())


def test_bare_address_leads_home_and_strangers_to_the_log_in(client, client_as, viewer):
    assert client_as(viewer).get("/").url == "/home/"
    assert client.get("/").url == "/accounts/login/?next=/"


def test_what_may_be_signed_waits_for_approvers_only(
    workspace, other_workspace, client_as, viewer, approver, django_assert_max_num_queries
):
    proposal = admin_rows.propose(workspace)
    admin_rows.propose(other_workspace)
    client = client_as(approver)

    with django_assert_max_num_queries(12):
        page = client.get("/home/")

    assert _numbers(page, "waits")["sign"] == "1"
    assert [row.proposal for row in page.context["riskiest"]] == [proposal]
    assert "change you may sign" in page.text
    seen = client_as(viewer).get("/home/")
    assert "sign" not in _numbers(seen, "waits")
    assert seen.context["riskiest"] == []
    assert seen.context["pending"].changes == 1  # everybody sees what is at stake


def test_own_proposals_wait_for_others(workspace, approver, admin):
    note_kind.install()
    own = propose(workspace, timezone.now(), proposer=Proposer.person(approver))

    assert list(mine_to_sign(_asked(admin))) == [own]
    assert list(mine_to_sign(_asked(approver))) == []


def test_what_is_put_off_does_not_wait(workspace, approver):
    proposal = admin_rows.propose(workspace)
    later = timezone.now() + timedelta(hours=1)
    Proposal.objects.filter(pk=proposal.pk).update(snoozed_until=later)

    assert not mine_to_sign(_asked(approver)).exists()


def test_money_at_stake_is_added_up(workspace, approver):
    first, second = (admin_rows.propose(workspace, page) for page in "12")
    for proposal, money in ((first, "120.50"), (second, "9.50")):
        Proposal.objects.filter(pk=proposal.pk).update(money_at_stake=Decimal(money))

    stake = stake_of(waiting(_asked(approver)))

    assert (stake.amount, stake.changes, stake.is_capped) == (Decimal(130), 2, False)


def test_conversations_wait_for_who_answers_them(
    workspace, other_workspace, client_as, viewer, agent
):
    conversation_of(workspace, assignee=agent)
    bo = contact_of(workspace, "bo@example.com")
    conversation_of(workspace, contact=bo, due_at=timezone.now() - timedelta(minutes=1))
    conversation_of(other_workspace, due_at=timezone.now() - timedelta(minutes=1))

    counted = _numbers(client_as(agent).get("/home/"), "waits")

    assert {key: counted[key] for key in ("mine", "overdue", "nobodys")} == {
        "mine": "1", "overdue": "1", "nobodys": "1",
    }  # fmt: skip
    assert "mine" not in _numbers(client_as(viewer).get("/home/"), "waits")


def test_connections_wait_for_admins(workspace, client_as, approver, admin):
    ConnectionFactory(workspace=workspace, status="needs_login")

    assert _numbers(client_as(admin).get("/home/"), "waits")["connections"] == "1"
    assert "connections" not in _numbers(client_as(approver).get("/home/"), "waits")


def test_news_and_what_is_unwell_are_of_this_workspace(
    workspace, other_workspace, client_as, operator
):
    for owner in (workspace, other_workspace):
        signal_of(owner)
        AdAccountFactory(workspace=owner, last_sync_error="The token has expired.")

    page = client_as(operator).get("/home/")

    assert _numbers(page, "changed")["new-signals"] == "1"
    assert _numbers(page, "waits")["signals"] == "1"
    assert _numbers(page, "unwell") == {"accounts": "1"}


def test_counts_end_at_the_cap(workspace, client_as, viewer, monkeypatch):
    monkeypatch.setattr(selectors_home, "CAP", 3)
    now = timezone.now()
    Notification.objects.bulk_create(
        Notification(workspace=workspace, user=viewer, topic="t", title="t", dedup_key=str(number),
                     created_at=now)
        for number in range(4)
    )  # fmt: skip

    assert _numbers(client_as(viewer).get("/home/"), "waits")["notices"] == "2+"


def test_poll_answers_nothing_while_nothing_changed(client_as, viewer):
    client = client_as(viewer)
    # With the minute the page is drawn anew, so one of two polls may meet that.
    polled = []
    for _ in range(2):
        version = client.get("/home/").context["version"]
        polled.append(client.get("/home/", {"v": version}, headers=HTMX).status_code)

    assert 204 in polled
    anew = client.get("/home/", {"v": "0"}, headers=HTMX)
    assert anew.status_code == 200
    assert 'id="now"' in anew.text
    assert "<html" not in anew.text


@pytest.mark.parametrize("key", ["yesterday", "syncs", "models", "steps"])
def test_cards_say_what_to_do_first(client_as, operator, django_assert_max_num_queries, key):
    client = client_as(operator)

    with django_assert_max_num_queries(16):
        card = client.get(f"/home/cards/{key}/", headers=HTMX)

    assert card.status_code == 200
    assert 'href="/' in card.text
    assert "<html" not in card.text


def test_card_that_nobody_brought_is_404(client_as, viewer):
    assert client_as(viewer).get("/home/cards/nothing/").status_code == 404


def test_ranks_include_lower_ones(admin):
    assert _asked(admin).has(Role.AGENT)
