"""Proposals in JSON."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workspaces.api.fields import AmountOut, Body, amount_of
from workspaces.models import Decision, Proposal, ProposerType, Risk, Status
from workspaces.roles import Role
from workspaces.selectors_undo import undoable_ids

_LONGEST_BULK = 200


class PlanProposedOut(serializers.Serializer[Any]):
    """What waits for a signature now."""

    status = serializers.CharField()
    proposal_id = serializers.UUIDField(source="public_id")
    plan_sha256 = serializers.CharField(source="current_plan.sha256")
    summary = serializers.CharField()


class CheckOut(serializers.Serializer[Any]):
    """One line of a verdict."""

    name = serializers.CharField()
    verdict = serializers.CharField(help_text="passed, deferred, blocked, warning, not_applicable")
    why = serializers.CharField()
    not_before = serializers.CharField(allow_null=True, default=None)


class PlanOut(serializers.Serializer[Any]):
    """What a signature is for: send its ``sha256`` when you sign."""

    version = serializers.IntegerField()
    sha256 = serializers.CharField()
    body = serializers.JSONField(source="content", help_text="Everything that decides the effect.")
    verdict = CheckOut(many=True)
    policy_version = serializers.CharField()
    risk = serializers.ChoiceField(Risk.choices)
    rank_required = serializers.ChoiceField(Role.choices)
    signatures_required = serializers.IntegerField()
    is_blocked = serializers.BooleanField()
    predicted = serializers.JSONField()
    confidence = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)
    why = serializers.CharField()
    created_at = serializers.DateTimeField()


class PlanDetailOut(PlanOut):
    """A plan with its evidence."""

    evidence = serializers.JSONField()
    edited_by = serializers.CharField(allow_null=True)


class ProposerOut(serializers.Serializer[Any]):
    """Who proposed."""

    type = serializers.ChoiceField(ProposerType.choices, source="proposer_type")
    key = serializers.CharField(source="proposer_key")
    name = serializers.CharField(source="proposer_label")


CAN_UNDO: Final = (
    "Whether the way back can be proposed as things stand: it was carried out, still holds, and "
    "is of a kind that can be undone. What was sent stays sent."
)


class ProposalOut(serializers.Serializer[Proposal]):
    """A proposal as lists show it."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    risk = serializers.ChoiceField(Risk.choices)
    subject = serializers.CharField(source="subject_label")
    subject_key = serializers.CharField()
    summary = serializers.CharField()
    reason = serializers.CharField()
    proposer = ProposerOut(source="*")
    money_at_stake = serializers.SerializerMethodField(help_text="Per day; of a send, in all.")
    plan = PlanOut(source="current_plan", allow_null=True)
    bundle_id = serializers.UUIDField(allow_null=True)
    reverts = serializers.UUIDField(source="reverts.public_id", allow_null=True, default=None)
    continues = serializers.UUIDField(source="continues.public_id", allow_null=True, default=None)
    superseded_by = serializers.UUIDField(
        source="superseded_by.public_id", allow_null=True, default=None
    )
    can_undo = serializers.SerializerMethodField(help_text=CAN_UNDO)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    decision_reason = serializers.CharField()
    execute_after = serializers.DateTimeField(allow_null=True)
    waiting_for = serializers.CharField()
    attempts = serializers.IntegerField()
    last_error = serializers.CharField()
    executed_at = serializers.DateTimeField(allow_null=True)
    result = serializers.JSONField()
    realised = serializers.JSONField()

    @extend_schema_field(AmountOut(allow_null=True))
    def get_money_at_stake(self, proposal: Proposal) -> dict[str, str] | None:
        """Amount in the workspace's currency."""
        return amount_of(proposal.money_at_stake, proposal.workspace.currency)

    def get_can_undo(self, proposal: Proposal) -> bool:
        """Ask for one, where whoever shows a list has not asked for all of it."""
        known = self.context.get("undoable")
        return proposal.pk in (undoable_ids([proposal]) if known is None else known)


class SignatureOut(serializers.Serializer[Any]):
    """One word on one plan."""

    plan_version = serializers.IntegerField(source="plan.version")
    person = serializers.CharField(allow_null=True)
    policy_version = serializers.CharField()
    decision = serializers.ChoiceField(Decision.choices)
    rank_held = serializers.CharField()
    why = serializers.CharField()
    at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class AttemptOut(serializers.Serializer[Any]):
    """One try to carry a plan out."""

    number = serializers.IntegerField()
    plan_version = serializers.IntegerField(source="plan.version")
    started_at = serializers.DateTimeField()
    call_sent_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField()
    error_kind = serializers.CharField()
    error = serializers.CharField()
    request_id = serializers.CharField()


class ProposalDetailOut(ProposalOut):
    """A proposal with its whole story."""

    request = serializers.JSONField()
    plan = PlanDetailOut(source="current_plan", allow_null=True)
    signatures = SignatureOut(many=True)
    tries = AttemptOut(many=True)


class ProposalIn(Body):
    """A new proposal of any kind."""

    kind = serializers.CharField(max_length=40)
    request = serializers.DictField(help_text="What the kind needs; see the guide of the kind.")
    reason = serializers.CharField(max_length=2000, help_text="Read by the person who signs.")
    evidence = serializers.DictField(required=False, default=dict)


class EditIn(Body):
    """Other values for the same subject."""

    request = serializers.DictField(help_text="Only what changes, e.g. {'value': '125.00'}.")
    why = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class Sha256Field(serializers.RegexField):
    """The hash of the plan that was looked at."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            r"\A[0-9a-f]{64}\Z",
            help_text="`plan.sha256` of the proposal as you saw it.",
            error_messages={"invalid": "Send the 64 hexadecimal digits of plan.sha256."},
            **options,
        )


class SignIn(Body):
    """A signature on one plan."""

    plan_sha256 = Sha256Field()
    why = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class RejectIn(Body):
    """A refusal of one plan; the proposer learns from the reason."""

    plan_sha256 = Sha256Field()
    why = serializers.CharField(max_length=2000)


class WhyIn(Body):
    """A reason, if there is one."""

    why = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class SnoozeIn(Body):
    """Hide until a moment."""

    until = serializers.DateTimeField()


class NothingIn(Body):
    """No fields."""


class PairIn(Body):
    """One proposal and the plan that was seen."""

    id = serializers.UUIDField()
    plan_sha256 = Sha256Field()


class BulkSignIn(Body):
    """Signatures on many plans."""

    items = serializers.ListField(child=PairIn(), allow_empty=False, max_length=_LONGEST_BULK)
    why = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class BulkRejectIn(Body):
    """One reason for many."""

    items = serializers.ListField(child=PairIn(), allow_empty=False, max_length=_LONGEST_BULK)
    why = serializers.CharField(max_length=2000)


class BulkRevertIn(Body):
    """Executed proposals to undo."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=_LONGEST_BULK
    )
    why = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class RefusedOut(serializers.Serializer[Any]):
    """One that was left out, and why."""

    id = serializers.UUIDField()
    why = serializers.CharField()


class BulkOut(serializers.Serializer[Any]):
    """What a bulk call did."""

    done = ProposalOut(many=True)
    refused = RefusedOut(many=True)
