"""One send from its draft to the far end: what was signed is what arrived, row by row."""

from __future__ import annotations

import pytest

from outreach.engine.channels import Channel
from outreach.models import (
    ChannelTemplate,
    Contact,
    OutreachMessage,
    OutreachPolicy,
    SendPlan,
    Suppression,
    TemplateVersion,
)
from outreach.selectors.plan_rows import PlanRows, stored_rows
from outreach.services.sending.materialising import materialise_due
from tests.outreach.launch_steps import carried_out, launched, news_to, planned
from tests.outreach.sending.steps import (
    channel_on,
    letters,
    people,
    provider_to,
    send_all,
    smtp_to,
)
from tests.outreach.steps import NOW
from tests.sandbox.conftest import Box
from tests.workspaces.gate_steps import sign
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

PROVIDERS = ["smtp", "postmark", "resend", "mailgun", "sendgrid", "brevo", "mandrill"]


def rows_as_sent(plan: SendPlan) -> PlanRows:
    """Rows of a plan in which whatever a message says of itself takes the place of the row's."""
    rows = stored_rows(plan)
    messages = {one.contact_id: one for one in OutreachMessage.objects.filter(plan=plan)}
    columns = {name: values.copy() for name, values in rows.columns.items()}
    for place, contact in enumerate(columns["contact"].tolist()):
        message = messages.pop(contact, None)
        assert (message is not None) == bool(rows.is_sent[place])
        if message is None:
            continue
        columns["point"][place] = message.point_id
        columns["channel"][place] = Channel[message.channel.upper()]
        columns["step"][place] = message.step_id
        columns["variant"][place] = rows.variants.index(message.variant)
        columns["text"][place] = message.version_id
        columns["fallback"][place], columns["fallback2"][place] = (*message.fallbacks, 0, 0)[:2]
        columns["cost"][place] = int(message.cost * 1_000_000)
    assert messages == {}
    return PlanRows(columns, rows.variants)


def begun(
    box: Box, workspace: Workspace, provider: str, operator: User, approver: User
) -> tuple[SendPlan, list[Contact]]:
    """A campaign to five people, of whom one must not be written to, signed and let go."""
    connection = (
        smtp_to(box, workspace) if provider == "smtp" else provider_to(box, workspace, provider)
    )
    channel_on(connection, unit_cost="0.002")
    OutreachPolicy.objects.create(
        workspace=workspace, postal_address="1 Main Street", has_canary=False
    )
    contacts = people(workspace, 5)
    Suppression.objects.create(workspace=workspace, value="p3@example.com", reason="manual", at=NOW)
    campaign = news_to(*contacts, workspace=workspace, send_at_best_hour=False)
    plan = planned(campaign, operator, NOW)
    sign(launched(campaign, operator, NOW), approver, NOW)
    assert carried_out(NOW) == 1
    plan.refresh_from_db()
    return plan, contacts


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_was_signed_is_what_arrived(
    box: Box, workspace: Workspace, provider: str, operator: User, approver: User
) -> None:
    plan, _ = begun(box, workspace, provider, operator, approver)
    # What anybody writes after the signature is not what was signed.
    template = plan.campaign.steps.get().texts.get().template
    other = TemplateVersion.objects.create(
        workspace=workspace, template=template, number=2, subject="Other", text="Other",
        sha256="2" * 64,
    )  # fmt: skip
    ChannelTemplate.objects.filter(pk=template.pk).update(current=other)
    last = plan.last_at

    assert materialise_due(now=last) == 4
    send_all(last)
    assert materialise_due(now=last) == 0

    signed = plan.signed_by.current_plan.content["rows_sha256"]
    assert rows_as_sent(plan).sha256() == signed == plan.rows_sha256
    arrived = {one["recipient"]: one["text"].split(".")[0] for one in letters(box, provider)}
    assert arrived == {f"p{n}@example.com": f"Hello P{n}" for n in (0, 1, 2, 4)}
    assert len(letters(box, provider)) == 4
    messages = OutreachMessage.objects.filter(plan=plan)
    assert {one.proof["rows_sha256"] for one in messages} == {signed}
    assert {one.status for one in messages} == {"sent"}


def test_another_recipient_or_text_would_show(
    box: Box, workspace: Workspace, operator: User, approver: User
) -> None:
    plan, _ = begun(box, workspace, "smtp", operator, approver)
    materialise_due(now=plan.last_at)
    rows = rows_as_sent(plan)
    assert rows.sha256() == plan.rows_sha256

    for name in ("point", "channel", "text", "contact", "step"):
        changed = {**rows.columns, name: rows.columns[name].copy()}
        changed[name][0] += 1
        assert PlanRows(changed, rows.variants).sha256() != plan.rows_sha256, name
