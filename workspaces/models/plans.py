"""What is signed and carried out: plans, the signatures on a plan, the attempts to execute it.

All of it is a record: triggers (``gate_triggers``) hold it append-only.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q

from workspaces.models import gate_triggers
from workspaces.models.accounts import User
from workspaces.models.gate import Proposal, Risk
from workspaces.roles import Role


class Decision(models.TextChoices):
    """What a signature says."""

    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


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
        indexes = [
            # v_safety_check_failures: plans that a check holds, newest first
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(verdict__contains=[{"verdict": "deferred"}])
                | Q(verdict__contains=[{"verdict": "blocked"}]),
                name="workspaces_plan_held",
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
