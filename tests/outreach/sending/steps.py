"""A far end, channels that lead to it, and messages that are due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from outreach.models import ChannelPolicy, Contact, OutreachMessage, SendPlan
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import Run, dispatch
from outreach.services.sending.recovering import recover
from sandbox.server import Sandbox
from tests.outreach.steps import audience_of, campaign_of, contact_of, let_go, message_of, plan_of
from workspaces import crypto
from workspaces.models import Connection, Workspace

TOKENS = {
    "postmark": "sandbox-postmark", "resend": "sandbox-resend", "twilio": "sandbox-twilio",
    "mailgun": "sandbox-mailgun", "sendgrid": "sandbox-sendgrid", "brevo": "sandbox-brevo",
    "mandrill": "sandbox-mandrill", "x": "sandbox-x", "messenger": "sandbox-messenger",
}  # fmt: skip


def connection_to(
    box: Sandbox, workspace: Workspace, kind: str = "email", name: str = "", **secret: str
) -> Connection:
    """A connection to the far end."""
    return Connection.objects.create(
        workspace=workspace, kind=kind, name=name or f"{kind} {len(secret)}",
        base_url="" if secret.get("provider") == "smtp" else box.base_url,
        secret=crypto.encrypt(secret),
    )  # fmt: skip


def smtp_to(box: Sandbox, workspace: Workspace) -> Connection:
    """The mail server of the far end."""
    return connection_to(
        box, workspace, provider="smtp", host="127.0.0.1", port=str(box.smtp_port), security="none"
    )


def provider_to(box: Sandbox, workspace: Workspace, provider: str, **more: str) -> Connection:
    """A provider of e-mail at the far end, with an account of its own."""
    box.control(
        "seed",
        {"accounts": [{"platform": provider, "id": "m1", "token": TOKENS[provider], **more}]},
    )
    return connection_to(
        box, workspace, name=provider, provider=provider, api_key=TOKENS[provider], **more
    )


def twilio_to(box: Sandbox, workspace: Workspace, **account: Any) -> Connection:
    """Twilio at the far end."""
    seed = {"platform": "twilio", "id": "AC1", "token": TOKENS["twilio"], **account}
    box.control("seed", {"accounts": [seed]})
    return connection_to(box, workspace, "twilio", account_sid="AC1", auth_token=TOKENS["twilio"])


def channel_on(
    connection: Connection | None, channel: str = "email", **values: Any
) -> ChannelPolicy:
    """A channel that is sent by a connection."""
    workspace = values.pop("workspace", None) or connection.workspace
    given = {
        "is_on": True,
        "sender": "Shop <news@shop.example>",
        "rate_per_second": 10_000,
        **values,
    }
    return ChannelPolicy.objects.create(
        workspace=workspace, channel=channel, connection=connection, **given
    )


def people(workspace: Workspace, count: int) -> list[Contact]:
    """People with an e-mail address each."""
    return [
        contact_of(workspace, f"p{number}@example.com", first_name=f"P{number}")
        for number in range(count)
    ]


def due(contact: Contact, now: datetime, **values: Any) -> OutreachMessage:
    """A service message that is due, outside of campaigns."""
    return message_of(
        contact, send_at=now, dedup_key=f"{contact.pk}:{values.pop('key', 1)}", **values
    )


def running_plan(workspace: Workspace, contacts: list[Contact], now: datetime) -> SendPlan:
    """A campaign to people that was signed and let go."""
    campaign = campaign_of(workspace, audience_of(workspace, *contacts))
    plan = plan_of(campaign, *contacts)
    campaign.status, campaign.launched_at = "active", now
    campaign.save()
    return let_go(plan, now)


def send_all(now: datetime, *, worker: str = "w") -> Run:
    """Send what is due at a moment."""
    with Senders(threads=2) as senders:
        return dispatch(
            worker=worker, clock=lambda: now, senders=senders, run_for=timedelta(seconds=60)
        )


def recover_all(now: datetime) -> int:
    """Finish what lapsed at a moment."""
    with Senders(threads=2) as senders:
        return recover(worker="reaper", senders=senders, now=now, clock=lambda: now)


def letters(box: Sandbox, platform: str = "") -> list[dict[str, Any]]:
    """Messages that the far end took."""
    return box.control(f"messages?platform={platform}&limit=1000", None, "GET")["messages"]
