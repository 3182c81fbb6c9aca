"""The ledger in JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workspaces.api.fields import AmountOut, amount_of
from workspaces.api.proposal_serializers import CAN_UNDO, ProposerOut
from workspaces.models import Status
from workspaces.selectors_explain import NO_PROOF
from workspaces.selectors_ledger import EFFECTS, OUTCOMES, LedgerRow

_LONGEST = 120


def _day() -> serializers.DateField:
    return serializers.DateField(required=False, help_text="Of the workspace's zone, included.")


class LedgerQuery(serializers.Serializer[Any]):
    """What the ledger is narrowed to."""

    kind = serializers.CharField(required=False, max_length=40)
    proposer = serializers.CharField(required=False, max_length=_LONGEST)
    signer = serializers.CharField(
        required=False, max_length=30, help_text="user:7, or policy for what it signed."
    )
    search = serializers.CharField(
        required=False, max_length=100,
        help_text="Beginnings of words of subject, summary, proposer or platform id.",
    )  # fmt: skip
    outcome = serializers.ChoiceField([name for name in OUTCOMES if name], required=False)
    effect = serializers.ChoiceField(list(EFFECTS), required=False)
    account = serializers.UUIDField(required=False)
    campaign = serializers.UUIDField(required=False)
    channel = serializers.CharField(required=False, max_length=40)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the days as the address does; one of the names is a word of Python."""
        return {"from": _day(), "to": _day(), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse days in which nothing can have been carried out."""
        for name in {"from", "to"} & set(attrs):
            if not 2000 <= attrs[name].year <= 2100:
                raise serializers.ValidationError({name: "This day is out of range."})
        return attrs


class LedgerPredictedOut(serializers.Serializer[Any]):
    """What was told before, in words."""

    metric = serializers.CharField()
    delta = serializers.CharField()
    interval = serializers.CharField()
    per = serializers.CharField()
    horizon_days = serializers.IntegerField()


class LedgerRowOut(serializers.Serializer[Any]):
    """One change that was carried out."""

    id = serializers.UUIDField(source="proposal.public_id")
    at = serializers.DateTimeField()
    kind = serializers.CharField(source="proposal.kind")
    status = serializers.ChoiceField(Status.choices, source="proposal.status")
    subject = serializers.CharField(source="proposal.subject_label")
    subject_key = serializers.CharField(source="proposal.subject_key")
    summary = serializers.CharField(source="proposal.summary")
    before = serializers.CharField(source="diff.before")
    after = serializers.CharField(source="diff.after")
    money_at_stake = serializers.SerializerMethodField(help_text="Per day; of a send, in all.")
    proposer = ProposerOut(source="proposal")
    signed_by = serializers.ListField(child=serializers.CharField(), source="signers")
    predicted = LedgerPredictedOut(allow_null=True)
    realised = serializers.DictField(source="proposal.realised", allow_null=True)
    effect = serializers.ChoiceField(list(EFFECTS))
    error = serializers.CharField(source="proposal.last_error")
    reverts = serializers.UUIDField(
        source="proposal.reverts.public_id", allow_null=True, default=None
    )
    can_undo = serializers.BooleanField(help_text=CAN_UNDO)

    @extend_schema_field(AmountOut(allow_null=True))
    def get_money_at_stake(self, row: LedgerRow) -> dict[str, str] | None:
        """Amount in the workspace's currency."""
        return amount_of(row.proposal.money_at_stake, row.proposal.workspace.currency)


class ExplainQuery(serializers.Serializer[Any]):
    """Which figure, near which day."""

    metric = serializers.CharField(max_length=40)
    day = serializers.DateField()
    campaign = serializers.UUIDField(required=False)
    channel = serializers.CharField(required=False, max_length=40)

    def validate_day(self, value: date) -> date:
        """Refuse days that no figure can have."""
        if not 2000 <= value.year <= 2100:
            raise serializers.ValidationError("This day is out of range.")
        return value


class CandidateOut(serializers.Serializer[Any]):
    """Something that may have moved the figure."""

    at = serializers.DateTimeField()
    title = serializers.CharField()
    kind = serializers.CharField()
    proposal = serializers.UUIDField(source="row.proposal.public_id", allow_null=True, default=None)
    score = serializers.FloatField(help_text="For the order only.")
    reasons = serializers.ListField(child=serializers.CharField())


class ExplanationOut(serializers.Serializer[Any]):
    """A change of level near a day, and what happened before it, the likeliest first."""

    metric = serializers.CharField(source="metric.name")
    day = serializers.DateField()
    changed_on = serializers.DateField(allow_null=True)
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    strength = serializers.FloatField(allow_null=True, help_text="The step in standard errors.")
    since = serializers.DateField()
    until = serializers.DateField()
    note = serializers.CharField(default=NO_PROOF)
    candidates = CandidateOut(many=True)
