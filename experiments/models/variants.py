"""The arms of a test: what they change, where, and how people are shared out between them."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from campaigns.models import Ad
from experiments.models.ab_tests import KEY, REFUSE, WHOLE, ABTest, share_field
from workspaces.models import Proposal, Workspace

_VARIANT_IS_FIXED = pgtrigger.Trigger(
    name="is_fixed",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Insert | pgtrigger.Delete,
    declare=[("started", "timestamptz")],
    func=f"""
    SELECT started_at INTO started FROM experiments_abtest
     WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.test_id ELSE NEW.test_id END;
    IF started IS NOT NULL AND (TG_OP <> 'UPDATE' OR
       (NEW.test_id, NEW.key, NEW.position, NEW.is_control, NEW.config, NEW.ad_id)
       IS DISTINCT FROM
       (OLD.test_id, OLD.key, OLD.position, OLD.is_control, OLD.config, OLD.ad_id)) THEN
        RAISE EXCEPTION 'variants of a started test stay as they were signed' {REFUSE};
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    """,  # noqa: S608  # constants of ours
)
# At the commit, because several rows change together.
_WEIGHTS_ARE_WHOLE = pgtrigger.Trigger(
    name="weights_are_whole",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("weight"),  # type: ignore[no-untyped-call]  # untyped
    timing=pgtrigger.Deferred,
    func=f"""
    IF EXISTS (
        SELECT FROM experiments_abtest t WHERE t.id = NEW.test_id AND t.started_at IS NOT NULL
    ) AND (
        SELECT sum(weight) FROM experiments_abtestvariant WHERE test_id = NEW.test_id
    ) <> {WHOLE} THEN
        RAISE EXCEPTION 'the shares of test % are not {WHOLE} in all', NEW.test_id {REFUSE};
    END IF;
    RETURN NULL;
    """,  # noqa: S608  # constants of ours
)
# No key says it: an ad's workspace stands in its own row.
_OWN_AD = pgtrigger.Trigger(
    name="own_ad",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.ad_id IS NOT NULL"),
    func=f"""
    IF NOT EXISTS (
        SELECT FROM campaigns_ad a WHERE a.id = NEW.ad_id AND a.workspace_id = NEW.workspace_id
    ) THEN
        RAISE EXCEPTION 'ad % is of another workspace', NEW.ad_id {REFUSE};
    END IF;
    RETURN NEW;
    """,
)


class ABTestVariant(models.Model):
    """One arm. Only its weight may change once the test has started."""

    # The key is one of the table: (workspace, test) → a test of that workspace.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    test = models.ForeignKey(
        ABTest, on_delete=models.CASCADE, related_name="variants", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    key = models.CharField(max_length=40, validators=[KEY])
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(
        help_text="Order of the shares; the control's is 0."
    )
    weight = share_field(WHOLE // 2, "Share in ten-thousandths; those of a test are 10,000 in all.")
    is_control = models.BooleanField(default=False)
    config = models.JSONField(default=dict, blank=True, help_text="What it changes.")
    ad = models.ForeignKey(
        Ad, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Of a test of ads: the ad that is this variant.",
    )  # fmt: skip

    class Meta:
        verbose_name = "variant"
        constraints = [
            models.UniqueConstraint(
                fields=["test", "key"],
                name="experiments_variant_key_once",
                violation_error_message="The test has a variant of this key already.",
            ),
            models.UniqueConstraint(
                fields=["test", "position"], name="experiments_variant_position_once"
            ),
            models.UniqueConstraint(
                fields=["test"],
                condition=Q(is_control=True),
                name="experiments_variant_one_control",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="experiments_variant_of"),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=WHOLE), name="experiments_variant_weight"
            ),
            models.CheckConstraint(
                condition=Q(is_control=True, position=0) | Q(is_control=False, position__gte=1),
                name="experiments_variant_control_first",
                violation_error_message="The control is the first variant.",
            ),
        ]
        triggers = [_VARIANT_IS_FIXED, _WEIGHTS_ARE_WHOLE, _OWN_AD]

    def __str__(self) -> str:
        return self.name


class WebsiteABTest(models.Model):
    """Where on a website a test lives."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The keys are ones of the table: (workspace, test) and (workspace, site).
    test = models.OneToOneField(
        ABTest, on_delete=models.CASCADE, related_name="website", db_constraint=False
    )
    site = models.ForeignKey(
        "attribution.Site", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    page_pattern = models.CharField(
        max_length=200, default="*", help_text="A path; * stands for anything: /product/*."
    )
    selector = models.CharField(
        max_length=300, blank=True, default="",
        help_text="CSS selector of what the variants change, where they name no other.",
    )  # fmt: skip
    deployed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a visitor first met it on a page."
    )

    class Meta:
        verbose_name = "website A/B test"
        constraints = [
            models.CheckConstraint(
                condition=~Q(page_pattern=""), name="experiments_websiteabtest_pattern"
            )
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.page_pattern}"


class ABTestAllocation(models.Model):
    """Shares from a moment on; append-only. What propensities are read from."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    test = models.ForeignKey(
        ABTest, on_delete=models.CASCADE, related_name="allocations", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    at = models.DateTimeField()
    traffic = share_field(WHOLE, "Share of those who may take part.")
    weights = models.JSONField(help_text="Variant key → share in ten-thousandths.")
    reason = models.CharField(max_length=300)
    by_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        verbose_name = "allocation"
        constraints = [
            # Also what they are read by, in order.
            models.UniqueConstraint(fields=["test", "at"], name="experiments_allocation_once"),
            models.CheckConstraint(
                condition=Q(traffic__lte=WHOLE), name="experiments_allocation_traffic"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.weights}"


class Operation(models.TextChoices):
    """What a proposal does to a test."""

    START = "start", "Start"
    ROLL_OUT = "roll_out", "Declare winner and roll out"
    STOP = "stop", "Stop"
    REVERT = "revert", "Take back"


class ABTestChange(models.Model):
    """A proposal about a test, for filters and pages."""

    proposal = models.OneToOneField(Proposal, primary_key=True, on_delete=models.CASCADE)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    test = models.ForeignKey(
        ABTest, on_delete=models.PROTECT, related_name="changes", db_constraint=False
    )
    operation = models.CharField(max_length=8, choices=Operation.choices)
    variant = models.ForeignKey(
        ABTestVariant, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "change of a test"
        verbose_name_plural = "changes of tests"
        constraints = [
            models.CheckConstraint(
                condition=Q(operation__in=Operation.values),
                name="experiments_abtestchange_operation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()}: {self.test_id}"
