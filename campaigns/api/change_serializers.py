"""Ad changes, their history and the safety policy in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from campaigns.models import ChangeType, EntityType, SafetyPolicy
from campaigns.services.policy import EDITABLE
from workspaces.api.fields import Body, RefusesUnknown
from workspaces.api.proposal_serializers import ProposerOut
from workspaces.models import Risk, Status


class ChangeIn(Body):
    """A change of one entity; ids are ours or the platform's."""

    ad_account = serializers.CharField(
        max_length=120, required=False, help_text="Needed where an id is in several accounts."
    )
    entity_type = serializers.ChoiceField(EntityType.choices)
    entity_id = serializers.CharField(max_length=120)
    change_type = serializers.ChoiceField(ChangeType.choices)
    value = serializers.CharField(
        max_length=40, help_text="An amount such as 138.00 in the account's currency, or a status."
    )
    reason = serializers.CharField(max_length=2000)


class PendingOut(serializers.Serializer[Any]):
    """An ad change before its execution."""

    id = serializers.UUIDField(source="proposal.public_id")
    status = serializers.ChoiceField(Status.choices, source="proposal.status")
    risk = serializers.ChoiceField(Risk.choices, source="proposal.risk")
    summary = serializers.CharField(source="proposal.summary")
    reason = serializers.CharField(source="proposal.reason")
    proposer = ProposerOut(source="proposal")
    plan_sha256 = serializers.CharField(source="proposal.current_plan.sha256")
    ad_account = serializers.UUIDField(source="account.public_id")
    entity_type = serializers.ChoiceField(EntityType.choices)
    entity_id = serializers.CharField(source="entity_external_id")
    entity_name = serializers.CharField()
    change_type = serializers.ChoiceField(ChangeType.choices)
    current_value = serializers.JSONField()
    requested_value = serializers.JSONField()
    final_value = serializers.JSONField(help_text="The value that is signed and sent.")
    currency = serializers.CharField()
    change_pct = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    rest_value = serializers.JSONField()
    rest_after = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField(source="proposal.created_at")
    expires_at = serializers.DateTimeField(source="proposal.expires_at", allow_null=True)
    execute_after = serializers.DateTimeField(source="proposal.execute_after", allow_null=True)
    waiting_for = serializers.CharField(source="proposal.waiting_for")
    platform_request_id = serializers.CharField()
    error_class = serializers.CharField()
    error_message = serializers.CharField()


class HistoryOut(serializers.Serializer[Any]):
    """One settled attempt; never changed afterwards."""

    proposal = serializers.UUIDField(source="proposal.public_id")
    ad_account = serializers.UUIDField(source="account.public_id")
    entity_type = serializers.ChoiceField(EntityType.choices)
    entity_id = serializers.CharField(source="entity_external_id")
    change_type = serializers.ChoiceField(ChangeType.choices)
    old_value = serializers.JSONField()
    new_value = serializers.JSONField()
    currency = serializers.CharField()
    change_pct = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)
    triggered_by = serializers.CharField()
    proposer = serializers.CharField()
    model_version = serializers.CharField()
    confidence = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)
    reason = serializers.CharField()
    verdict = serializers.JSONField()
    status = serializers.CharField()
    error = serializers.CharField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    call_sent_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    platform_response = serializers.JSONField()


class PolicyValues(RefusesUnknown, serializers.ModelSerializer[SafetyPolicy]):
    """The numbers of a policy; amounts a day in the workspace's currency."""

    class Meta:
        model = SafetyPolicy
        fields = EDITABLE


class PolicyOut(serializers.Serializer[Any]):
    """One version."""

    version = serializers.IntegerField(help_text="0: the defaults, before any was saved.")
    name = serializers.CharField(source="label", help_text="As plans and signatures name it.")
    ad_account = serializers.UUIDField(source="account.public_id", allow_null=True, default=None)
    why = serializers.CharField()
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField(allow_null=True)
    loosens = serializers.ListField(child=serializers.CharField())
    confirmed_by = serializers.CharField(allow_null=True)
    effective_at = serializers.DateTimeField(allow_null=True)
    values = PolicyValues(source="*")


class StandingOut(serializers.Serializer[Any]):
    """The policy in force, and the newest version that waits for a second person."""

    policy = PolicyOut()
    waiting = PolicyOut(allow_null=True)


class PolicyIn(Body):
    """Some fields changed; those that are not named stay as they are."""

    values = serializers.DictField(allow_empty=False, help_text="Fields of `values` as read.")
    ad_account = serializers.CharField(max_length=120, required=False)
    why = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class SimulateIn(Body):
    """An edited policy to try on the past."""

    values = serializers.DictField(help_text="Fields of `values` as read.")
    ad_account = serializers.CharField(max_length=120, required=False)
    days = serializers.IntegerField(min_value=1, max_value=90, required=False, default=30)


class SimulatedOut(serializers.Serializer[Any]):
    """One past proposal that the edited policy judges otherwise."""

    proposal = serializers.UUIDField(source="proposal.public_id")
    summary = serializers.CharField(source="proposal.summary")
    was = serializers.CharField()
    standing = serializers.CharField(source="now_standing")
    edited = serializers.CharField(source="would_be")
    why = serializers.CharField()


class SimulationOut(serializers.Serializer[Any]):
    """Counts by verdict under both policies, and what would differ."""

    standing = serializers.DictField(child=serializers.IntegerField())
    edited = serializers.DictField(child=serializers.IntegerField())
    loosens = serializers.ListField(child=serializers.CharField())
    is_cut = serializers.BooleanField(help_text="There were more proposals than were judged.")
    differing = SimulatedOut(many=True)


class DecideIn(Body):
    """One version of the policy."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    ad_account = serializers.CharField(max_length=120, required=False)
