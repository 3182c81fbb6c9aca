"""Consent: the newest word holds, all of them stay; suppressions stand above it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import Consent, Contact, OutreachPolicy, Suppression
from outreach.selectors.consents import current_consents
from outreach.services.people.consenting import (
    Said,
    record_consent,
    set_consent,
    withdraw_marketing,
)
from outreach.services.people.refusing import PeopleError
from outreach.services.people.suppressing import lift, suppress, suppressions_of
from tests.outreach.steps import NOW, contact_of, point_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace

DAY = timedelta(days=1)
PROOF = {"statement": "Ticked the box of the shop."}
NO_MAIL = [Said("email", "marketing", is_given=False)]


def _states(contact: Contact) -> dict[tuple[str, str], bool]:
    return {key: row.is_given for key, row in current_consents(contact).items()}


def test_newest_word_holds_whenever_it_was_written(workspace: Workspace) -> None:
    contact = contact_of(workspace)
    yes = [Said("email", "marketing", is_given=True)]
    record_consent(contact=contact, source="form", at=NOW, said=NO_MAIL)
    record_consent(contact=contact, source="import", at=NOW - DAY, said=yes)

    assert _states(contact) == {("email", "marketing"): False}
    assert current_consents(contact, NOW - DAY)["email", "marketing"].source == "import"
    assert Consent.objects.count() == 3


def test_only_what_is_new_is_kept(workspace: Workspace, operator: User) -> None:
    contact, by = contact_of(workspace), Proposer.person(operator)
    said = [Said("email", "marketing", is_given=True, evidence=PROOF),
            Said("sms", "marketing", is_given=True, evidence=PROOF)]  # fmt: skip

    kept = set_consent(contact=contact, said=said, by=by, now=NOW)
    again = set_consent(contact=contact, said=said, by=by, now=NOW)

    assert [(row.channel, row.by_label) for row in kept] == [("sms", str(operator))]
    assert again == []


def test_consent_needs_its_proof(workspace: Workspace, operator: User) -> None:
    contact, said = contact_of(workspace), [Said("sms", "marketing", is_given=True)]

    with pytest.raises(PeopleError) as refused:
        set_consent(contact=contact, said=said, by=Proposer.person(operator), now=NOW)

    assert refused.value.field == "evidence"
    assert Consent.objects.count() == 1


def test_withdrawal_needs_none(workspace: Workspace, operator: User) -> None:
    contact = contact_of(workspace)

    set_consent(contact=contact, said=NO_MAIL, by=Proposer.person(operator), now=NOW)

    assert _states(contact) == {("email", "marketing"): False}


@pytest.mark.parametrize("means_all", [True, False])
def test_stop_by_sms_counts_as_the_policy_says(workspace: Workspace, *, means_all: bool) -> None:
    OutreachPolicy.objects.create(workspace=workspace, stop_means_all=means_all)
    contact = contact_of(workspace)
    point_of(contact, "sms", "+491701234567")

    withdraw_marketing(
        contact=contact, channel="sms", source="stop", at=NOW, evidence={"text": "STOP"}
    )

    assert _states(contact) == {
        ("email", "marketing"): not means_all,
        ("sms", "marketing"): False,
    }


def test_viewer_may_not_consent_for_others(workspace: Workspace, viewer: User) -> None:
    contact = contact_of(workspace)

    with pytest.raises(NotAllowedError):
        set_consent(contact=contact, said=NO_MAIL, by=Proposer.person(viewer), now=NOW)

    assert Consent.objects.count() == 1


def test_suppression_by_address_domain_and_hash(workspace: Workspace, operator: User) -> None:
    by = Proposer.person(operator)
    suppress(workspace=workspace, values=["Ann@Example.com", "+49 170 1234567"], by=by, now=NOW)
    suppress(workspace=workspace, values=["Spam.Example"], domains=True, by=by, now=NOW)

    found = suppressions_of(
        workspace_id=workspace.pk, now=NOW,
        values=["ann@example.com", "+491701234567", "x@spam.example", "bob@example.com"],
    )  # fmt: skip

    assert sorted(found) == ["+491701234567", "ann@example.com", "x@spam.example"]


def test_twice_is_once_and_soft_ones_end(workspace: Workspace, operator: User) -> None:
    by, ann = Proposer.person(operator), "ann@example.com"

    def ask(**options: object) -> int:
        return suppress(workspace=workspace, values=[ann], by=by, now=NOW, **options)

    assert [ask(until=NOW + DAY), ask(until=NOW + DAY), ask(until=NOW + 2 * DAY)] == [1, 0, 1]
    assert suppressions_of(workspace_id=workspace.pk, values=[ann], now=NOW + 3 * DAY) == {}
    assert [ask(), ask()] == [1, 0]
    assert len(suppressions_of(workspace_id=workspace.pk, values=[ann], now=NOW)[ann]) == 1


def test_only_an_admin_lifts_with_a_reason(
    workspace: Workspace, operator: User, admin: User
) -> None:
    suppress(workspace=workspace, values=["ann@example.com"], by=Proposer.person(operator),
             reason="complaint", now=NOW)  # fmt: skip
    row, by = Suppression.objects.get(), Proposer.person(admin)
    why = "They called and asked for the newsletter."

    with pytest.raises(NotAllowedError):
        lift(suppression=row, by=Proposer.person(operator), reason=why, now=NOW)
    for reason in ("", "They called."):
        with pytest.raises(PeopleError):
            lift(suppression=row, by=by, reason=reason, now=NOW)
    lift(suppression=row, by=by, reason=why, now=NOW)
    with pytest.raises(PeopleError, match="already"):
        lift(suppression=row, by=by, reason=why, now=NOW)

    row.refresh_from_db()
    assert (row.lifted_at, row.lifted_by_label) == (NOW, str(admin))
