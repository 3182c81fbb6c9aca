"""The gate: proposals, their plans, the signatures on a plan, the attempts to execute it.

What must never happen is refused by the database itself (``gate_triggers``): a shell, a bug or a
second writer meets the same wall as a page does.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When

from workspaces.ids import uuid7
from workspaces.models import gate_triggers
from workspaces.models.accounts import User
from workspaces.models.workspace import Workspace
from workspaces.roles import Role
from workspaces.search import words_of

# What a person may remember of a proposal; its subject key holds the platform's ids.
WORD_FIELDS = ("subject_label", "summary", "proposer_label", "subject_key")
PROPOSAL_WORDS = words_of(*WORD_FIELDS)


class Status(models.TextChoices):
    """State of a proposal; ``gate_triggers.TRANSITIONS`` says which may follow which."""

    PENDING = "pending", "Waiting for a signature"
    APPROVED = "approved", "Signed, waiting to execute"
    EXECUTING = "executing", "Executing"
    EXECUTED = "executed", "Executed"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"
    SUPERSEDED = "superseded", "Superseded"
    CANCELLED = "cancelled", "Cancelled"
    REVERTED = "reverted", "Undone"


OPEN = (Status.PENDING, Status.APPROVED, Status.EXECUTING)


class Risk(models.TextChoices):
    """How much can go wrong; decided by the kind's judge, never by the proposer."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class ProposerType(models.TextChoices):
    """Who proposed."""

    PERSON = "person", "Person"
    MODEL = "model", "Model"
    RULE = "rule", "Rule"
    KEY = "key", "API key"


class Decision(models.TextChoices):
    """What a signature says."""

    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


class Proposal(models.Model):
    """One automated action that waits for, or went through, a person's signature."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=40)
    subject_key = models.CharField(max_length=200)
    subject_label = models.CharField(max_length=300)
    summary = models.CharField(max_length=500)
    reason = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    risk = models.CharField(max_length=6, choices=Risk.choices, default=Risk.HIGH)
    risk_order = models.GeneratedField(
        expression=Case(
            When(risk="high", then=Value(3)), When(risk="medium", then=Value(2)), default=Value(1)
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    money_at_stake = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, help_text="Per day, workspace currency."
    )
    proposer_type = models.CharField(max_length=6, choices=ProposerType.choices)
    proposer_key = models.CharField(max_length=120, help_text="Stable: user:7, model:sampler, …")
    proposer_label = models.CharField(max_length=200)
    proposed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals"
    )
    confidence = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True,
        help_text="The proposer's own; empty: that of the kind's prediction.",
    )  # fmt: skip
    idempotency_key = models.CharField(max_length=200, blank=True)
    request = models.JSONField(default=dict, help_text="What was asked for; re-planned from it.")
    bundle_id = models.UUIDField(null=True, blank=True)
    current_plan = models.ForeignKey(
        "workspaces.Plan", null=True, on_delete=models.PROTECT, related_name="+"
    )
    reverts = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reverted_by"
    )
    continues = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="continued_by"
    )
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decision_reason = models.TextField(blank=True)
    execute_after = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    jitter_ms = models.PositiveIntegerField(null=True, blank=True, help_text="Drawn last.")
    waiting_for = models.CharField(
        max_length=300, blank=True, help_text="Why it does not execute yet."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    lane = models.CharField(max_length=200, blank=True)
    batch_key = models.CharField(
        max_length=200, blank=True, db_default="", help_text="What may go out in one call with it."
    )
    claimed_by = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True, help_text="What the execution recorded.")
    measure_after = models.DateTimeField(null=True, blank=True)
    realised = models.JSONField(null=True, blank=True, help_text="The measured effect.")
    measured_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="workspaces_proposal_status"
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1),
                name="workspaces_proposal_confidence",
            ),
            models.CheckConstraint(
                condition=Q(risk__in=Risk.values), name="workspaces_proposal_risk"
            ),
            models.CheckConstraint(
                condition=Q(proposer_type__in=ProposerType.values),
                name="workspaces_proposal_proposer_type",
            ),
            models.CheckConstraint(
                condition=~Q(proposer_type="person") | Q(proposed_by__isnull=False),
                name="workspaces_proposal_person_is_named",
            ),
            models.UniqueConstraint(
                fields=["workspace", "kind", "subject_key"],
                condition=Q(status__in=["pending", "approved", "executing"]),
                name="workspaces_proposal_one_open",
                violation_error_message="Another proposal for this subject is open.",
            ),
            models.UniqueConstraint(
                fields=["workspace", "kind", "proposer_key", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="workspaces_proposal_idempotent",
            ),
            models.UniqueConstraint(
                fields=["workspace", "lane"],
                condition=Q(status="executing"),
                name="workspaces_proposal_one_in_lane",
            ),
        ]
        indexes = [
            # the queue page: riskiest first, then what expires soonest. It holds all that the page
            # filters by, so a filter that few rows pass reads the index and not the rows.
            models.Index(
                F("workspace"),
                F("risk_order").desc(),
                F("expires_at").asc(),
                F("id").asc(),
                include=[
                    "kind",
                    "proposer_key",
                    "subject_key",
                    "money_at_stake",
                    "snoozed_until",
                ],
                condition=Q(status="pending"),
                name="workspaces_proposal_in_queue",
            ),
            # search of the queue page, REST and admin. What a search has to read through before
            # it is sorted in, and what one writer sorts in for the others, stays small.
            GinIndex(PROPOSAL_WORDS, gin_pending_list_limit=256, name="workspaces_proposal_words"),
            # the claimers' query: signed and due
            models.Index(
                fields=["execute_after", "id"],
                condition=Q(status="approved"),
                name="workspaces_proposal_due",
            ),
            # the reaper's query: leases that ran out
            models.Index(
                fields=["lease_until"],
                condition=Q(status="executing"),
                name="workspaces_proposal_lease",
            ),
            # the expirer's query
            models.Index(
                fields=["expires_at"],
                condition=Q(status__in=["pending", "approved"]),
                name="workspaces_proposal_expiry",
            ),
            # what is to be measured
            models.Index(
                fields=["measure_after"],
                condition=Q(status="executed", measured_at=None),
                name="workspaces_proposal_measure",
            ),
            # how measured changes of one proposer turned out, newest first
            models.Index(
                fields=["workspace", "proposer_key", "-id"],
                condition=Q(status="executed", measured_at__isnull=False),
                name="workspaces_proposal_measured",
            ),
            # the newest measured ones of a kind, whoever proposed them
            models.Index(
                fields=["workspace", "kind", "-measured_at", "-id"],
                condition=Q(measured_at__isnull=False),
                name="workspaces_proposal_effects",
            ),
            # how the newest ones of each proposer fared
            models.Index(
                fields=["workspace", "proposer_key", "-id"], name="workspaces_proposal_proposer"
            ),
            # history of one subject, newest first
            models.Index(
                fields=["workspace", "subject_key", "-id"], name="workspaces_proposal_subject"
            ),
            # lists by status, newest first
            models.Index(
                fields=["workspace", "status", "-id"], name="workspaces_proposal_status_ix"
            ),
            models.Index(
                fields=["bundle_id"],
                condition=Q(bundle_id__isnull=False),
                name="workspaces_proposal_bundle",
            ),
            # the ledger, newest first. It holds what the ledger is filtered by, so a filter that
            # few rows pass reads the index and not the rows.
            models.Index(
                F("workspace"),
                F("executed_at").desc(),
                F("id").desc(),
                include=["kind", "proposer_key", "status", "subject_key", "measured_at"],
                condition=Q(executed_at__isnull=False),
                name="workspaces_proposal_ledger",
            ),
            # the same for what failed, which ended when it was written last
            models.Index(
                F("workspace"),
                F("updated_at").desc(),
                F("id").desc(),
                include=["kind", "proposer_key", "subject_key"],
                condition=Q(status="failed"),
                name="workspaces_proposal_failed",
            ),
        ]
        triggers = gate_triggers.PROPOSAL

    def __str__(self) -> str:
        return self.summary

    @property
    def is_open(self) -> bool:
        """Whether it can still have an effect."""
        return self.status in OPEN

    @property
    def is_by_machine(self) -> bool:
        """Whether no person proposed it."""
        return self.proposed_by_id is None


class Plan(models.Model):
    """Everything that decides the effect of a proposal, in canonical form. Append-only.

    ``body`` is canonical JSON text, ``sha256`` its digest (checked by the database). What a
    signature needs is frozen here with it, so the rules cannot change between sight and signature.
    Once somebody whom it speaks of is erased, ``body`` is empty and the digest stays.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveIntegerField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    policy_version = models.CharField(max_length=60)
    verdict = models.JSONField(default=list, help_text="Each check: name, verdict, why.")
    risk = models.CharField(max_length=6, choices=Risk.choices)
    rank_required = models.CharField(max_length=10, choices=Role.choices)
    signatures_required = models.PositiveSmallIntegerField(default=1)
    policy_may_sign = models.BooleanField(default=False)
    is_blocked = models.BooleanField(default=False, help_text="A rule forbids it as it stands.")
    edited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    editor_may_sign = models.BooleanField(default=False)
    predicted = models.JSONField(null=True, blank=True)
    confidence = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    evidence = models.JSONField(default=dict)
    why = models.CharField(max_length=300, blank=True, help_text="Why this version was made.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "version"], name="workspaces_plan_version"),
            models.CheckConstraint(
                condition=Q(signatures_required__gte=1), name="workspaces_plan_needs_a_signature"
            ),
            models.CheckConstraint(
                condition=~Q(policy_may_sign=True) | Q(signatures_required=1, is_blocked=False),
                name="workspaces_plan_policy_signs_alone",
            ),
            models.CheckConstraint(
                condition=Q(rank_required__in=Role.values), name="workspaces_plan_rank"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
            gate_triggers.PLAN_HASH,
            gate_triggers.PLAN_REDACTED,
        ]

    def __str__(self) -> str:
        return f"plan {self.version} of {self.proposal_id}"

    @cached_property
    def content(self) -> dict[str, Any]:
        """The body as a dictionary, empty where it was redacted."""
        content: dict[str, Any] = json.loads(self.body or "{}")
        return content

    @property
    def is_redacted(self) -> bool:
        """Whether somebody whom it speaks of was erased."""
        return not self.body


class Signature(models.Model):
    """One person's, or a policy's, word on one plan. Append-only but for ``withdrawn_at``."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="signatures")
    person = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="signatures"
    )
    policy_version = models.CharField(max_length=60, blank=True)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    rank_held = models.CharField(max_length=10, choices=Role.choices, blank=True)
    why = models.TextField(blank=True)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # A withdrawn signature stays on record; the person may sign the same plan again.
            models.UniqueConstraint(
                fields=["plan", "person"],
                condition=Q(withdrawn_at=None),
                name="workspaces_signature_once",
                violation_error_message="You have signed this plan already.",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=Decision.values), name="workspaces_signature_decision"
            ),
            models.CheckConstraint(
                condition=(Q(person__isnull=False) & Q(policy_version="") & ~Q(rank_held=""))
                | (Q(person__isnull=True) & ~Q(policy_version="")),
                name="workspaces_signature_by_person_or_policy",
            ),
        ]
        triggers = gate_triggers.SIGNATURE

    def __str__(self) -> str:
        return f"{self.decision} by {self.person or self.policy_version}"


class ExecutionAttempt(models.Model):
    """One try to carry a plan out; committed before the call, frozen once settled."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    call_sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    error_kind = models.CharField(max_length=20, blank=True)
    error = models.TextField(blank=True)
    request_id = models.CharField(max_length=120, blank=True)
    response = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="Measured around the call.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"], name="workspaces_executionattempt_number"
            ),
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(settled_at=None),
                name="workspaces_executionattempt_one_running",
            ),
        ]
        triggers = gate_triggers.ATTEMPT

    def __str__(self) -> str:
        return f"attempt {self.number} of plan {self.plan_id}"
