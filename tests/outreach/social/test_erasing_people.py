"""After an erasure no table of the database knows the person any more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from outreach.engine.addresses import hashed
from outreach.models import (
    Contact,
    ContactImport,
    ContactImportRow,
    OutreachMessage,
    OutreachTask,
    SocialEngagement,
    SocialFunnelEntry,
    SocialPerson,
    TrackedLink,
)
from outreach.services.people.erasing import erase_contact
from outreach.services.people.suppressing import suppress
from outreach.services.social.matching import match_funnels
from tests.outreach.social.steps import NOON, comment_at, funnel_of, page_on
from tests.outreach.social.test_answers import MINUTE, answer_at
from tests.outreach.steps import contact_of, message_of, point_of
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import Proposer, StateError
from workspaces.models import (
    InboundEvent,
    Plan,
    Proposal,
    Status,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    Workspace,
)
from workspaces.services.proposing import edit

MAIL, PHONE = "zeb.quigley@example.com", "+436601234567"
#: What stands for the person anywhere: names, addresses, what was written.
PLANTED = ("zebulon", "quigley", "zebq", "6601234567", "bungalow", "marzipan")


def found(*needles: str) -> Iterator[str]:
    """Tables with a row that holds one of the words in any column."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            words = [f"%{one}%" for one in needles]
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE ANY (%s))', [words]
            )
            if cursor.fetchone()[0]:
                yield table


@pytest.fixture
def zeb(box, workspace: Workspace, admin: User, approver: User) -> Contact:
    """Somebody whom every part knows: he commented, was answered, wrote and was written to."""
    account = page_on(box, workspace)
    funnel_of(workspace, needs_approval=True)
    WebhookEndpoint.objects.create(workspace=workspace, url="https://far.example/in", secret="")
    WebhookEndpoint.objects.create(
        workspace=workspace, url="https://hooks.example/1", secret="", format="slack"
    )
    comment_at(box, account, name="c1", who="zebq77", text="How much? For my bungalow.")
    SocialPerson.objects.update(name="Zebulon Quigley")
    match_funnels(workspace=workspace, now=NOON)
    edit(proposal_id=Proposal.objects.get().pk, changes={"reply": "No marzipan, Zebulon."},
         by=approver, now=NOON)  # fmt: skip
    sign(fresh(Proposal.objects.get()), admin, NOON + MINUTE)
    answer_at(box, 30)
    contact = OutreachMessage.objects.get().contact
    point = point_of(contact, "email", MAIL)
    point_of(contact, "sms", PHONE)
    linked = point_of(contact, "linkedin", "urn:li:person:zebq")
    sent = message_of(contact, point=point, text="Dear Zebulon", dedup_key="2")
    by_hand = message_of(contact, point=linked, channel="linkedin", dedup_key="3", status="pending")
    OutreachTask.objects.create(
        workspace=workspace, message=by_hand, reason="assisted",
        link="https://www.linkedin.com/in/zebq/",
    )  # fmt: skip
    TrackedLink.objects.create(
        workspace=workspace,
        sha256="1" * 64,
        url="https://shop.example/?m=zeb.quigley%40example.com",
    )
    _heard(account.connection, sent)
    run = ContactImport.objects.create(workspace=workspace, file_name="people.csv", state="failed")
    ContactImportRow.objects.create(run=run, line=1, kind="invalid", reason="", text=f"{MAIL}, x")
    ContactImportRow.objects.create(
        run=run, line=2, kind="invalid", reason="", text="Zebulon, Quigley"
    )
    suppress(workspace=workspace, values=[MAIL], by=Proposer.person(admin), now=NOON)
    return contact


def _heard(connection, message: OutreachMessage) -> None:
    for number, body in enumerate((
        json.dumps({"from": {"username": "user.zebq77"}, "text": "For my bungalow."}),
        "From=%2B436601234567&Body=marzipan",
    )):  # fmt: skip
        InboundEvent.objects.create(
            connection=connection, dedup_key=str(number), body=body, received_at=NOON
        )


def test_no_table_holds_an_erased_person(
    zeb: Contact, admin: User, client_as: Callable[[User], Client]
) -> None:
    known = set(found(*PLANTED))
    shas = list(Plan.objects.order_by("pk").values_list("sha256", flat=True))

    counts = erase_contact(contact=zeb, by=Proposer.person(admin), now=NOON + 60 * MINUTE)

    assert {"workspaces_plan", "workspaces_proposal", "workspaces_webhookdelivery",
            "workspaces_inboundevent", "outreach_outreachtask", "outreach_trackedlink",
            "outreach_contactimportrow"} <= known  # fmt: skip
    assert list(found(*PLANTED)) == []
    assert set(found(hashed(MAIL))) == {"outreach_suppression", "outreach_suppressionevent"}
    assert (counts["answers"], counts["events"], counts["links"]) == (1, 2, 1)
    assert list(Plan.objects.order_by("pk").values_list("sha256", flat=True)) == shas
    proposal = Proposal.objects.get()
    assert (proposal.status, proposal.summary) == (Status.EXECUTED, "Answer to somebody erased")
    told = WebhookDelivery.objects.filter(endpoint__format="standard")
    assert {json.loads(one.body)["data"]["summary"] for one in told} == {proposal.summary}
    page = client_as(admin).get(f"/approvals/{proposal.public_id}/")
    assert "somebody whom it speaks of was erased" in page.content.decode()


@pytest.fixture
def asked(box, workspace: Workspace) -> SocialFunnelEntry:
    """An answer that waits for its signature, to a known contact."""
    account = page_on(box, workspace)
    funnel_of(workspace, needs_approval=True)
    comment_at(box, account, who="zebq77", text="How much? For my bungalow.")
    SocialPerson.objects.update(contact=contact_of(workspace))
    match_funnels(workspace=workspace, now=NOON)
    return SocialFunnelEntry.objects.get()


def test_an_answer_that_waits_ends_with_who_asked(asked: SocialFunnelEntry, admin: User) -> None:
    contact = asked.person.contact

    erase_contact(contact=contact, by=Proposer.person(admin), now=NOON)

    asked.refresh_from_db()
    proposal = Proposal.objects.get()
    assert (proposal.status, proposal.decision_reason) == (
        Status.CANCELLED, "Somebody whom it speaks of was erased.",
    )  # fmt: skip
    assert asked.stopped_reason == "They were erased."
    assert Plan.objects.get().is_redacted


def test_nobody_is_erased_while_an_answer_goes_out(asked: SocialFunnelEntry, admin: User) -> None:
    contact, proposal = asked.person.contact, Proposal.objects.get()
    sign(fresh(proposal), admin, NOON)
    Proposal.objects.update(status=Status.EXECUTING)

    with pytest.raises(StateError, match="in a minute"):
        erase_contact(contact=contact, by=Proposer.person(admin), now=NOON)

    assert SocialEngagement.objects.get().text == "How much? For my bungalow."
    assert not Plan.objects.get().is_redacted


EMPTY = {"body": "", "evidence": {}, "predicted": None, "why": ""}


@pytest.mark.parametrize(
    ("status", "values"),
    [
        ("pending", EMPTY),
        ("cancelled", {**EMPTY, "body": "{}"}),
        ("cancelled", {**EMPTY, "sha256": "0" * 64}),
        ("cancelled", {**EMPTY, "risk": "high"}),
    ],
)
def test_the_database_lets_a_plan_be_emptied_and_nothing_else(
    asked: SocialFunnelEntry, status: str, values: dict[str, object]
) -> None:
    Proposal.objects.update(status=status)
    before = Plan.objects.values().get()

    with pytest.raises(IntegrityError, match="emptied"), transaction.atomic():
        Plan.objects.update(**values)

    assert Plan.objects.values().get() == before
