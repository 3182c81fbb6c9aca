"""The gate: proposals. Their plans, and what hangs on these, stand in ``plans``.

What must never happen is refused by the database itself (``gate_triggers``): a shell, a bug or a
second writer meets the same wall as a page does.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When

from workspaces.ids import uuid7
from workspaces.models import gate_triggers
from workspaces.models.accounts import User
from workspaces.models.workspace import Workspace
from workspaces.search import words_of

# What a person may remember of a proposal; its subject key holds the platform's ids.
WORD_FIELDS = ("subject_label", "summary", "proposer_label", "subject_key")
PROPOSAL_WORDS = words_of(*WORD_FIELDS)
WORDS_INDEX = "workspaces_proposal_words"


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
#: Shares of a plan's life at which approvers are reminded: a new plan has all of it before itself.
REMIND_AT = (0.5, 0.9)


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
    #: When approvers are reminded next, while it waits; nothing after the last time.
    remind_at = models.DateTimeField(null=True, blank=True)
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
            # which risks have an amount that the queue page asks for: it passes over the others
            models.Index(
                fields=["workspace", "risk_order", "money_at_stake"],
                condition=Q(status="pending"),
                name="workspaces_proposal_amounts",
            ),
            # search of the queue page, REST and admin. What a search has to read through before
            # it is sorted in, and what one writer sorts in for the others, stays small.
            GinIndex(PROPOSAL_WORDS, gin_pending_list_limit=256, name=WORDS_INDEX),
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
            # what approvers are to be reminded of
            models.Index(
                fields=["remind_at"],
                condition=Q(status="pending", remind_at__isnull=False),
                name="workspaces_proposal_remind_ix",
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
            # lists by risk and by kind, newest first
            models.Index(fields=["workspace", "risk", "-id"], name="workspaces_proposal_risk_ix"),
            models.Index(fields=["workspace", "kind", "-id"], name="workspaces_proposal_kind_ix"),
            # the list of what is open whatever its status, newest first
            models.Index(
                fields=["workspace", "-id"],
                condition=Q(status__in=["pending", "approved", "executing"]),
                name="workspaces_proposal_open",
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
    def next_reminder(self) -> datetime | None:
        """When approvers are reminded next of its plan, if ever."""
        plan, sent = self.current_plan, self.reminders_sent
        if plan is None or self.expires_at is None or sent == len(REMIND_AT):
            return None
        return plan.created_at + (self.expires_at - plan.created_at) * REMIND_AT[sent]

    @property
    def is_by_machine(self) -> bool:
        """Whether no person proposed it."""
        return self.proposed_by_id is None
