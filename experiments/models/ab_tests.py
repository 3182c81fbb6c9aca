"""A/B tests: what is compared, who takes part, and when it is over."""

from __future__ import annotations

import secrets
from typing import Final

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from workspaces.ids import uuid7
from workspaces.models import Workspace

#: Shares are whole numbers of this, as buckets are: 2500 is 25 %.
WHOLE: Final = 10_000
REFUSE: Final = "USING ERRCODE = 'check_violation'"
KEY = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?$",
    "Use 1 to 40 small letters, digits, - and _; begin and end with a letter or digit.",
)


def new_seed() -> str:
    """A seed of its own, so that tests do not split people alike."""
    return secrets.token_hex(8)


class ABTestType(models.TextChoices):
    """What differs between the variants."""

    BUTTON = "button", "Button"
    COPY = "copy", "Copy"
    SUBJECT_LINE = "subject_line", "Subject line"
    SEND_TIME = "send_time", "Send time"
    LAYOUT = "layout", "Layout"
    CTA = "cta", "Call to action"
    IMAGE = "image", "Image"
    PERSONALIZATION = "personalization", "Personalization"


class Surface(models.TextChoices):
    """Where people meet the variants."""

    WEBSITE = "website", "Website"
    MESSAGE = "message", "Message"
    AD = "ad", "Ad"


class ABTestStatus(models.TextChoices):
    """Where a test stands."""

    DRAFT = "draft", "Draft"
    PENDING_START = "pending_start", "Waits for signature"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    COMPLETED = "completed", "Completed"
    WINNER_DECLARED = "winner_declared", "Winner declared"


#: In these nothing that decides the result may change any more.
STARTED: Final = (
    ABTestStatus.RUNNING,
    ABTestStatus.PAUSED,
    ABTestStatus.COMPLETED,
    ABTestStatus.WINNER_DECLARED,
)


class Method(models.TextChoices):
    """How the arms are compared."""

    FIXED = "fixed", "Fixed horizon"
    ALWAYS_VALID = "always_valid", "Always valid"
    BAYESIAN = "bayesian", "Bayesian"


class Mode(models.TextChoices):
    """How people are shared out over time."""

    SPLIT = "split", "Fixed split"
    BANDIT = "bandit", "Bandit"


class EndReason(models.TextChoices):
    """Why a test ended."""

    WINNER = "winner", "A variant is better"
    FUTILITY = "futility", "No difference worth having is in reach"
    HARM = "harm", "A guardrail was harmed"
    TIME_UP = "time_up", "Its time was up"
    PERSON = "person", "Somebody stopped it"


def share_field(default: int, help_text: str) -> models.PositiveIntegerField:  # type: ignore[type-arg]  # stubs want both
    """A share in ten-thousandths; its bounds stand in the model's constraint too."""
    return models.PositiveIntegerField(
        default=default, validators=[MaxValueValidator(WHOLE)], help_text=help_text
    )


class Layer(models.Model):
    """Tests that share a layer never share a person: each has a slot of its own."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=80)
    seed = models.CharField(max_length=40, default=new_seed, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="experiments_layer_named_once",
                violation_error_message="There is a layer of this name already.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="experiments_layer_of"),
        ]

    def __str__(self) -> str:
        return self.name


# Several rows decide it, so no check constraint can: the shares are whole, one arm is the control.
_STARTS_WHOLE = pgtrigger.Trigger(
    name="starts_whole",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.status = 'running' AND OLD.status <> 'running'"),
    declare=[("arms", "bigint"), ("whole", "bigint"), ("controls", "bigint"), ("goals", "bigint")],
    func=f"""
    SELECT count(*), coalesce(sum(weight), 0), count(*) FILTER (WHERE is_control)
      INTO arms, whole, controls FROM experiments_abtestvariant WHERE test_id = NEW.id;
    SELECT count(*) INTO goals FROM experiments_abtestmetric
     WHERE test_id = NEW.id AND role = 'primary';
    IF arms < 2 OR whole <> {WHOLE} OR controls <> 1 OR goals <> 1 THEN
        RAISE EXCEPTION 'test % has % variants of % in all, % controls and % primary metrics',
            NEW.id, arms, whole, controls, goals {REFUSE};
    END IF;
    RETURN NEW;
    """,  # noqa: S608  # constants of ours
)
_IS_FIXED = pgtrigger.Trigger(
    name="is_fixed",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("OLD.started_at IS NOT NULL"),
    func=f"""
    IF (NEW.workspace_id, NEW.key, NEW.seed, NEW.surface, NEW.mode, NEW.method, NEW.alpha_bp,
        NEW.power_bp, NEW.layer_id, NEW.decision_rule, NEW.started_at)
       IS DISTINCT FROM
       (OLD.workspace_id, OLD.key, OLD.seed, OLD.surface, OLD.mode, OLD.method, OLD.alpha_bp,
        OLD.power_bp, OLD.layer_id, OLD.decision_rule, OLD.started_at) THEN
        RAISE EXCEPTION 'test % runs by what was signed at its start', NEW.id {REFUSE};
    END IF;
    RETURN NEW;
    """,
)
# The lock on the layer makes two starts at once wait for each other.
_HAS_OWN_SLOT = pgtrigger.Trigger(
    name="has_own_slot",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition(
        "NEW.layer_id IS NOT NULL AND NEW.status IN ('pending_start', 'running', 'paused')"
    ),
    func=f"""
    PERFORM FROM experiments_layer WHERE id = NEW.layer_id FOR UPDATE;
    IF EXISTS (
        SELECT FROM experiments_abtest t
         WHERE t.layer_id = NEW.layer_id AND t.id <> NEW.id
           AND t.status IN ('pending_start', 'running', 'paused')
           AND t.layer_from < NEW.layer_to AND NEW.layer_from < t.layer_to
    ) THEN
        RAISE EXCEPTION 'the slot of test % in its layer is taken', NEW.id {REFUSE};
    END IF;
    RETURN NEW;
    """,
)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ABTest(models.Model):
    """One A/B test. What decides its result is fixed once it has started."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    key = models.CharField(
        max_length=40, validators=[KEY], help_text="How pages and events name it."
    )
    name = models.CharField(max_length=120)
    hypothesis = models.TextField(
        blank=True, default="", help_text="Because we saw …, we believe that … will …"
    )
    type = models.CharField(max_length=15, choices=ABTestType.choices, default=ABTestType.COPY)
    surface = models.CharField(max_length=7, choices=Surface.choices, default=Surface.WEBSITE)
    channel = models.CharField(max_length=40, blank=True, default="")
    targeting = models.JSONField(default=dict, blank=True, help_text="Who may take part.")
    traffic = share_field(WHOLE, "Share of those who may take part, in ten-thousandths.")
    seed = models.CharField(max_length=40, default=new_seed, editable=False)
    layer = models.ForeignKey(
        Layer, null=True, blank=True, on_delete=models.PROTECT, related_name="tests"
    )
    layer_from = share_field(0, "First bucket of its slot in the layer.")
    layer_to = share_field(WHOLE, "Bucket after the last of its slot.")
    status = models.CharField(
        max_length=15, choices=ABTestStatus.choices, default=ABTestStatus.DRAFT
    )
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.SPLIT)
    method = models.CharField(max_length=12, choices=Method.choices, default=Method.ALWAYS_VALID)
    alpha_bp = models.PositiveIntegerField(
        "significance level", default=500,
        validators=[MinValueValidator(1), MaxValueValidator(2_000)],
        help_text="In ten-thousandths: 500 is 5 %, 95 % confidence.",
    )  # fmt: skip
    power_bp = models.PositiveIntegerField(
        "power", default=8_000, validators=[MinValueValidator(5_000), MaxValueValidator(9_900)],
        help_text="In ten-thousandths.",
    )  # fmt: skip
    minimum_effect_bp = models.PositiveIntegerField(
        "minimum detectable effect", default=1_000,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="Relative change worth finding, in ten-thousandths: 1000 is 10 %.",
    )  # fmt: skip
    planned_units = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Of each variant; empty until it is worked out."
    )
    min_days = models.PositiveSmallIntegerField(default=7, help_text="Full days at least.")
    max_days = models.PositiveSmallIntegerField(default=14)
    holdback = share_field(500, "Share that keeps the control after roll-out.")
    decision_rule = models.JSONField(
        default=dict, blank=True, help_text="As it was signed at the start."
    )
    planned_for = models.DateField(null=True, blank=True, help_text="Day it is to start.")
    started_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=8, choices=EndReason.choices, blank=True, default="")
    winner = models.ForeignKey(
        "ABTestVariant", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_imported = models.BooleanField(default=False, help_text="Run elsewhere; only its figures.")
    origin = models.CharField(
        max_length=80, blank=True, default="", db_default="",
        help_text="The recommendation that it was made of.",
    )  # fmt: skip
    created_by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "A/B test"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                name="experiments_abtest_key_once",
                violation_error_message="There is a test of this key already.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="experiments_abtest_of"),
            # Also what pages of recommendations ask: which of them became a test.
            models.UniqueConstraint(
                fields=["workspace", "origin"],
                condition=Q(archived_at=None) & ~Q(origin=""),
                name="experiments_abtest_origin_once",
                violation_error_message="A test was made of this recommendation already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ABTestStatus.values), name="experiments_abtest_status"
            ),
            models.CheckConstraint(
                condition=Q(type__in=ABTestType.values, surface__in=Surface.values,
                            mode__in=Mode.values, method__in=Method.values),
                name="experiments_abtest_choices",
            ),
            models.CheckConstraint(
                condition=Q(traffic__lte=WHOLE, holdback__lte=WHOLE // 2,
                            alpha_bp__gte=1, alpha_bp__lte=2_000,
                            power_bp__gte=5_000, power_bp__lte=9_900,
                            minimum_effect_bp__gte=1),
                name="experiments_abtest_shares",
                violation_error_message="Traffic is at most 100 %, the hold-back at most 50 %, the "
                "significance level at most 20 % and power between 50 % and 99 %.",
            ),
            models.CheckConstraint(
                condition=Q(layer_from__gte=0, layer_to__lte=WHOLE, layer_from__lt=F("layer_to")),
                name="experiments_abtest_slot",
                violation_error_message="A slot begins below its end, between 0 and 10,000.",
            ),
            models.CheckConstraint(
                condition=Q(min_days__gte=1, min_days__lte=F("max_days"), max_days__lte=365),
                name="experiments_abtest_days",
                violation_error_message="It runs for at least one day and at most 365, and no "
                "longer at least than at most.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "pending_start"]) | Q(started_at__isnull=False),
                name="experiments_abtest_started",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["completed", "winner_declared"])
                & Q(ended_at__isnull=False, ended_at__gte=F("started_at"))
                & Q(end_reason__in=EndReason.values)
                | ~Q(status__in=["completed", "winner_declared"])
                & Q(ended_at__isnull=True, end_reason=""),
                name="experiments_abtest_ended",
            ),
            models.CheckConstraint(
                condition=Q(status="paused", paused_at__isnull=False)
                | ~Q(status="paused") & Q(paused_at__isnull=True),
                name="experiments_abtest_paused",
            ),
            models.CheckConstraint(
                condition=Q(status="winner_declared", winner__isnull=False)
                | ~Q(status="winner_declared") & Q(winner__isnull=True),
                name="experiments_abtest_winner",
            ),
        ]  # fmt: skip
        indexes = [
            # What runs in a workspace: assignment, counting, the decision's sweep.
            models.Index(
                fields=["workspace", "surface"],
                name="experiments_abtest_live",
                condition=Q(status__in=["running", "paused"]),
            ),
            # The list, newest first.
            models.Index(fields=["workspace", "-created_at"], name="experiments_abtest_newest"),
        ]
        triggers = [_STARTS_WHOLE, _IS_FIXED, _HAS_OWN_SLOT]

    def __str__(self) -> str:
        return self.name

    @property
    def has_started(self) -> bool:
        """Whether anybody may have met a variant."""
        return self.started_at is not None

    @property
    def is_over(self) -> bool:
        """Whether it takes nobody in any more, for good."""
        return self.ended_at is not None
