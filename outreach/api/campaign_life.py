"""What is done with a campaign over REST: gone on with, paused, stopped, copied, put away."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.campaign_serializers import OutreachCampaignOut, SendReasonIn
from outreach.api.campaigns import TAG, CampaignsView
from outreach.services.drafting import archive_campaign, copy_campaign, restore_campaign
from outreach.services.life import pause_campaign, resume_campaign, stop_campaign
from workspaces import scopes
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import PlanProposedOut


class CampaignResume(CampaignsView):
    """Going on."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_resume", summary="Let a paused campaign go on",
        request=SendReasonIn, responses={202: PlanProposedOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose to go on; an approver signs."""
        proposal = resume_campaign(
            campaign=self.one(public_id), by=self.caller.proposer,
            reason=self.read(SendReasonIn)["reason"], now=self.now,
        )  # fmt: skip
        return Response(PlanProposedOut(proposal).data, status=status.HTTP_202_ACCEPTED)


class CampaignPause(CampaignsView):
    """Pausing."""

    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_pause", summary="Pause a campaign",
        request=SendReasonIn, responses=OutreachCampaignOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send nothing more, at once; what is under way arrives."""
        paused = pause_campaign(
            campaign=self.one(public_id), by=self.caller.proposer,
            reason=self.read(SendReasonIn)["reason"], now=self.now,
        )  # fmt: skip
        return self.answer(paused)


class CampaignStop(CampaignsView):
    """Ending."""

    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_stop", summary="Stop a campaign for good",
        request=SendReasonIn, responses=OutreachCampaignOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """End it, at once: what was not sent yet stays unsent."""
        stopped = stop_campaign(
            campaign=self.one(public_id), by=self.caller.proposer,
            reason=self.read(SendReasonIn)["reason"], now=self.now,
        )  # fmt: skip
        return self.answer(stopped)


class CampaignCopy(CampaignsView):
    """Copying."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_copy", summary="Copy a campaign",
        request=None, responses={201: OutreachCampaignOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make a draft like it, with its steps and texts, but no dates and no test."""
        made = copy_campaign(
            campaign=self.one(public_id), by=self.caller.proposer, now=self.now
        )  # fmt: skip
        return self.answer(made, status.HTTP_201_CREATED)


class CampaignArchive(CampaignsView):
    """Archiving."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_archive", summary="Archive a campaign",
        request=None, responses=OutreachCampaignOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put a draft or what is over out of the lists; nothing of it is deleted."""
        archived = archive_campaign(
            campaign=self.one(public_id), by=self.caller.proposer, now=self.now
        )  # fmt: skip
        return self.answer(archived)


class CampaignRestore(CampaignsView):
    """Taking archiving back."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="outreach_campaigns_restore", summary="Restore an archived campaign",
        request=None, responses=OutreachCampaignOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put it back into the lists, as it was."""
        restored = restore_campaign(
            campaign=self.one(public_id), by=self.caller.proposer, now=self.now
        )  # fmt: skip
        return self.answer(restored)
