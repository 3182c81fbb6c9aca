"""What agents may recommend to send."""

from __future__ import annotations

from django.urls import reverse
from rest_framework import serializers

from outreach.api.campaign_serializers import OutreachCampaignIn
from outreach.api.campaigns import plain
from outreach.models import ChannelTemplate, Contact, MessageChannel
from outreach.services.drafting import create_campaign
from outreach.services.sending.single import propose_marketing
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.suggested import checked
from workspaces.gate import RequestError
from workspaces.services.refusals import RefusedError
from workspaces.services.suggesting import made_of
from workspaces.suggested import Action, Asked, Made, register_action


def _create_campaign(asked: Asked) -> Made:
    """Make a draft. Who gets what is worked out, and signed, when a person plans it."""
    values = plain(checked(asked, OutreachCampaignIn))
    row = create_campaign(workspace=asked.workspace, values=values, by=asked.by, now=asked.now)
    url = reverse("outreach-campaign", args=[row.public_id])
    return Made(f"Draft of “{row.name}”", url=url)


class SendEmailIn(Body):
    """A mail to one contact."""

    contact = serializers.UUIDField()
    template = serializers.UUIDField()


def _send_email(asked: Asked) -> Made:
    """Propose a mail to one contact: consent, caps and hours hold as for every other."""
    values = checked(asked, SendEmailIn)
    own = {"workspace": asked.workspace}
    contacts = Contact.objects.select_related("workspace").filter(**own, archived_at=None)
    contact = contacts.filter(public_id=values["contact"]).first()
    if contact is None:
        raise RequestError("contact", "There is no such contact here.")
    texts = ChannelTemplate.objects.select_related("current").filter(**own)
    template = texts.filter(
        channel=MessageChannel.EMAIL, public_id=values["template"]
    ).first()  # fmt: skip
    if template is None:
        raise RequestError("template", "There is no such text for e-mail here.")
    try:
        proposal = propose_marketing(
            workspace=asked.workspace, contacts=[contact], template=template, by=asked.by,
            now=asked.now, reason=asked.reason,
        )  # fmt: skip
    except RefusedError as error:
        raise RequestError(getattr(error, "field", "") or "contact", str(error)) from error
    return made_of(proposal)


def register() -> None:
    """Bring them."""
    register_action(
        Action(
            "send_email",
            "Send an e-mail to one contact",
            {
                "contact": "The contact's id.",
                "template": "Id of a text for e-mail that is in use.",
            },
            _send_email,
            scope=scopes.OUTREACH_WRITE,
        )
    )
    register_action(
        Action(
            "create_campaign",
            "Draft an outreach campaign",
            {"…": "As for POST outreach/campaigns/; name at least."},
            _create_campaign,
            scope=scopes.OUTREACH_WRITE,
        )
    )
