"""A signed version that answers a share of the subjects before it answers all."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pgtrigger
from django.db import models
from django.db.models import F, Q

from mlops.models.registry import ModelVersion
from workspaces.models import Proposal, User, Workspace


def share_in_words(share: Decimal) -> str:
    """Tell a share as a percentage with as many digits as it has."""
    return f"{(share * 100).normalize():f} %"


class CanaryOutcome(models.TextChoices):
    """How it ended."""

    SERVES = "serves", "Serves everyone"
    HARMED = "harmed", "Ended: it did harm"
    STOPPED = "stopped", "Stopped"


_REFUSE = "USING ERRCODE = 'check_violation'"
_MOVES: Final = (
    "failures",
    "seen",
    "standing",
    "seen_at",
    "ended_at",
    "outcome",
    "why",
    "ended_by",
)
# As a champion: what answers was signed and carried out, whatever door it came by; and no larger
# share than was signed.
_SIGNED = pgtrigger.Trigger(
    name="signed",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
    IF NOT EXISTS (
        SELECT FROM mlops_promotion m
          JOIN workspaces_proposal p ON p.id = m.proposal_id
          JOIN workspaces_plan l ON l.id = p.current_plan_id
          JOIN mlops_modelversion v ON v.id = m.version_id
         WHERE m.proposal_id = NEW.proposal_id AND m.version_id = NEW.version_id
           AND v.name = NEW.name AND p.status = 'executed'
           AND l.body::jsonb ->> 'sha256' = v.sha256
           AND (l.body::jsonb ->> 'canary_share')::numeric >= NEW.share
    ) THEN
        RAISE EXCEPTION 'a canary starts by a signed proposal only' {_REFUSE};
    END IF;
    RETURN NEW;
    """,
)
_OVER = pgtrigger.Trigger(
    name="over_is_over",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__ended_at__isnull=False),
    func=f"RAISE EXCEPTION 'a canary that has ended does not change' {_REFUSE};",
)


class Canary(models.Model):
    """One canary. While it is open, the subjects of its share are answered by its version."""

    # The keys are two of the table: (workspace, version) → a version of that workspace.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="canaries", db_constraint=False
    )
    champion = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        db_index=False, help_text="Which answers all others.",
    )  # fmt: skip
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="canary")
    name = models.CharField("model", max_length=60)
    share = models.DecimalField(
        max_digits=4, decimal_places=3, help_text="Of the subjects; 0.1 is 10 %."
    )
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Then its version serves everyone, if it did no harm.")
    failures = models.PositiveIntegerField(
        default=0, help_text="Rows that it could not answer; the champion did."
    )
    seen = models.JSONField(default=dict, help_text="What is known of it.")
    standing = models.TextField(blank=True, help_text="The same in words.")
    seen_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=7, choices=CanaryOutcome.choices, blank=True)
    why = models.TextField(blank=True, help_text="Why it ended so.")
    ended_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "canaries"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(ended_at=None),
                name="mlops_canary_one_open",
                violation_error_message="Another canary of this model runs.",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lt=1), name="mlops_canary_share"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("started_at")), name="mlops_canary_ends"
            ),
            models.CheckConstraint(
                condition=~Q(version=F("champion")), name="mlops_canary_two_versions"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", *CanaryOutcome.values]), name="mlops_canary_outcome"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="")
                | Q(ended_at__isnull=False) & ~Q(outcome="") & ~Q(why=""),
                name="mlops_canary_ended",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="only_its_end_moves", exclude=list(_MOVES)),
            _OVER,
            _SIGNED,
        ]

    def __str__(self) -> str:
        return f"canary of {self.name} {self.version_id}"

    @property
    def share_text(self) -> str:
        """The share for people."""
        return share_in_words(self.share)

    @property
    def is_open(self) -> bool:
        """Whether its version answers now."""
        return self.ended_at is None
