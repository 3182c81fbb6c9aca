"""Clicks, conversions, and every try to tie one to the other."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from attribution.engine.matching import Method, Outcome
from attribution.models.identity import Person
from campaigns.models import Ad, AdSet, Campaign, Creative
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.models.workspace import currency_code

# Ours first. A click has one or two of them, so each has a partial index of its own.
CLICK_ID_KINDS = (
    "click_id", "fbclid", "gclid", "wbraid", "gbraid", "ttclid", "li_fat_id", "msclkid",
)  # fmt: skip
IDENTITY_KINDS = ("visitor_id", "email_hash", "phone_hash")


class AttributionMethod(models.TextChoices):
    """How a conversion was tied to its click, strongest first."""

    URL_PARAMETER = Method.URL_PARAMETER.value, "URL parameter"
    IDENTITY = Method.IDENTITY.value, "First-party identity"
    FINGERPRINT = Method.FINGERPRINT.value, "Fingerprint"
    PROBABILISTIC = Method.PROBABILISTIC.value, "Network and browser"
    UNATTRIBUTED = Method.UNATTRIBUTED.value, "Unattributed"


class LayerOutcome(models.TextChoices):
    """What became of one layer in one try; blank where an earlier one had matched."""

    MATCHED = Outcome.MATCHED.value, "Matched"
    NO_MATCH = Outcome.NO_MATCH.value, "No match"
    NO_EVIDENCE = Outcome.NO_EVIDENCE.value, "No evidence"
    NO_CONSENT = Outcome.NO_CONSENT.value, "No consent"


class ValueKind(models.TextChoices):
    """What the value of a conversion is."""

    CASH = "cash", "Cash"
    SYNTHETIC = "synthetic", "Synthetic"


class CustomerType(models.TextChoices):
    """Who converted, as known at that moment."""

    NEW = "new", "New"
    RETURNING = "returning", "Returning"
    EXISTING = "existing", "Existing"


class AttemptTrigger(models.TextChoices):
    """Why a conversion was looked at."""

    CONVERSION = "conversion", "Conversion came in"
    CLICK = "click", "Late click came in"
    SWEEP = "sweep", "Matching job"


def _text(length: int, **options: Any) -> models.CharField:  # type: ignore[type-arg]  # stubs want both
    return models.CharField(max_length=length, blank=True, default="", **options)


class Evidence(models.Model):
    """What is known about the sender of a click or a conversion.

    Network addresses are truncated before they come here, e-mail and phone are hashed.
    """

    fbclid = _text(500)
    gclid = _text(500)
    wbraid = _text(500)
    gbraid = _text(500)
    ttclid = _text(500)
    li_fat_id = _text(500)
    msclkid = _text(500)
    visitor_id = _text(120)
    email_hash = _text(64)
    phone_hash = _text(64)
    truncated_ip = models.CharField(
        max_length=45, blank=True, default="", help_text="Cut to /24 (IPv4) or /48 (IPv6)."
    )
    user_agent = _text(512)
    has_consent = models.BooleanField(default=False)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT)
    landing_page = _text(2000)
    referrer = _text(2000)
    utm_source = _text(200)
    utm_medium = _text(200)
    utm_campaign = _text(200)
    utm_content = _text(200)
    utm_term = _text(200)
    device = _text(40)
    os = _text(40)
    browser = _text(40)
    country = _text(2)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


def _is_truncated(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(truncated_ip="") | Q(truncated_ip__regex=r"(\.0|::)$"),
        name=name,
        violation_error_message="Network addresses are stored cut to /24 or /48.",
    )


class Click(Evidence):
    """A click on an ad."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    click_id = models.CharField(max_length=120)
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT)
    ad_set = models.ForeignKey(
        AdSet, null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    creative = models.ForeignKey(
        Creative, null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    # As the sender named them: a click may come before the first sync of its ad.
    given_ad = _text(120)
    given_campaign = _text(120)
    fingerprint = _text(64)
    fingerprint_components = models.JSONField(default=dict, blank=True)
    screen = _text(40)
    viewport = _text(40)
    time_zone = _text(64)
    utc_offset_minutes = models.SmallIntegerField(null=True, blank=True)
    clicked_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="End of the exact layer's window.")
    is_valid = models.BooleanField(default=True, help_text="Off: it never earns a conversion.")

    class Meta:
        db_table = "click_tracking"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "click_id"],
                name="attribution_click_once",
                violation_error_message="A click with this id is here already.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("clicked_at")), name="attribution_click_expires_later"
            ),
            _is_truncated("attribution_click_ip_truncated"),
        ]
        indexes = [
            # The look-ups of the layers, one each; and the purge, the active clicks.
            *(
                models.Index(
                    fields=["workspace", kind, "clicked_at"],
                    name=f"attribution_click_{kind}",
                    condition=~Q(**{kind: ""}),
                )
                for kind in (*CLICK_ID_KINDS[1:], *IDENTITY_KINDS, "fingerprint")
            ),
            models.Index(
                fields=["workspace", "truncated_ip", "clicked_at"],
                name="attribution_click_ip",
                condition=~Q(truncated_ip=""),
            ),
            models.Index(fields=["workspace", "clicked_at"], name="attribution_click_newest"),
        ]

    def __str__(self) -> str:
        return self.click_id


class Conversion(Evidence):
    """Something worth having: a lead, a purchase, a sign-up."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    conversion_id = models.CharField(max_length=120)
    external_id = _text(120)
    type = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    currency = models.CharField(max_length=3, validators=[currency_code])
    value_kind = models.CharField(max_length=10, choices=ValueKind.choices, default=ValueKind.CASH)
    crm_deal = _text(120)
    crm_contact = _text(120)
    crm_stage = _text(120)
    converted_at = models.DateTimeField()
    # Its evidence: the click id that it names, a fingerprint for each salt of the window.
    click_id = _text(120)
    fingerprints = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    # What platforms are told it by: each hashes by rules of its own, and nothing plain is kept.
    google_email_hash = _text(64, db_default="")
    e164_phone_hash = _text(64, db_default="")
    fbc = _text(600, db_default="")
    fbp = _text(100, db_default="")
    ttp = _text(200, db_default="")

    needs_attribution = models.BooleanField(default=True)
    attributed_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField(
        max_length=16, choices=AttributionMethod.choices, default=AttributionMethod.UNATTRIBUTED
    )
    confidence = models.DecimalField(max_digits=4, decimal_places=3, default=0)
    window_hours = models.PositiveIntegerField(null=True, blank=True)
    fingerprint_score = models.FloatField(null=True, blank=True)
    candidates = models.JSONField(default=list, blank=True)
    # Raw clicks go after a month; what they said about a conversion stays with it.
    attributed_click = models.ForeignKey(
        Click, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversions"
    )
    attributed_click_key = _text(120)
    attributed_clicked_at = models.DateTimeField(null=True, blank=True)
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    given_ad = _text(120)
    given_campaign = _text(120)

    customer_type = models.CharField(
        max_length=10, choices=CustomerType.choices, blank=True, default=""
    )
    source_channel = _text(60)
    source_campaign = _text(120)
    source_message = _text(120)
    journey_id = models.UUIDField(null=True, blank=True)
    touches_before = models.PositiveIntegerField(null=True, blank=True)
    minutes_since_first_touch = models.PositiveIntegerField(null=True, blank=True)
    region = _text(120)
    city = _text(120)
    extra = models.JSONField(default=dict, blank=True)
    payload = models.JSONField(
        default=dict, blank=True, help_text="As it came, without what names a person."
    )

    class Meta:
        db_table = "conversion_tracking"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "conversion_id"],
                name="attribution_conversion_once",
                violation_error_message="A conversion with this id is here already.",
            ),
            models.CheckConstraint(condition=~Q(type=""), name="attribution_conversion_type"),
            models.CheckConstraint(
                condition=Q(method__in=AttributionMethod.values),
                name="attribution_conversion_method",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="attribution_conversion_confidence",
            ),
            models.CheckConstraint(
                condition=Q(value_kind__in=ValueKind.values),
                name="attribution_conversion_value_kind",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", *CustomerType.values]),
                name="attribution_conversion_customer_type",
            ),
            models.CheckConstraint(
                # Whoever is attributed names a click; it may be purged since.
                condition=Q(method=AttributionMethod.UNATTRIBUTED, attributed_click_key="")
                | (~Q(method=AttributionMethod.UNATTRIBUTED) & ~Q(attributed_click_key="")),
                name="attribution_conversion_click_named",
            ),
            _is_truncated("attribution_conversion_ip_truncated"),
        ]
        indexes = [
            # What a late click asks for, layer by layer.
            *(
                models.Index(
                    fields=["workspace", kind, "converted_at"],
                    name=f"attribution_conv_{kind}",
                    condition=~Q(**{kind: ""}),
                )
                for kind in (*CLICK_ID_KINDS, *IDENTITY_KINDS)
            ),
            models.Index(
                fields=["workspace", "truncated_ip", "converted_at"],
                name="attribution_conv_ip",
                condition=~Q(truncated_ip=""),
            ),
            GinIndex(fields=["fingerprints"], name="attribution_conv_fingerprints"),
            # Lists, statistics, the view of the unattributed.
            models.Index(fields=["workspace", "converted_at"], name="attribution_conv_newest"),
            # The matching job's queue, and what came in while it ran.
            models.Index(
                fields=["workspace", "id"],
                name="attribution_conv_due",
                condition=Q(needs_attribution=True),
            ),
            models.Index(fields=["workspace", "created_at"], name="attribution_conv_arrived"),
            # What no build of journeys has seen.
            models.Index(
                fields=["workspace"],
                name="attribution_conv_unwalked",
                condition=Q(touches_before__isnull=True, person__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.conversion_id


class AttributionAttempt(models.Model):
    """One try to find the click of a conversion: what each layer said."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    trigger = models.CharField(max_length=10, choices=AttemptTrigger.choices)
    url_parameter = models.CharField(max_length=11, choices=LayerOutcome.choices, blank=True)
    identity = models.CharField(max_length=11, choices=LayerOutcome.choices, blank=True)
    fingerprint = models.CharField(max_length=11, choices=LayerOutcome.choices, blank=True)
    probabilistic = models.CharField(max_length=11, choices=LayerOutcome.choices, blank=True)
    method = models.CharField(max_length=16, choices=AttributionMethod.choices)
    confidence = models.DecimalField(max_digits=4, decimal_places=3)
    click_key = models.CharField(max_length=120, blank=True)
    duration_ms = models.FloatField(help_text="In a set-based run: its mean per conversion.")

    class Meta:
        db_table = "attribution_performance_log"
        constraints = [
            models.CheckConstraint(
                condition=Q(trigger__in=AttemptTrigger.values), name="attribution_attempt_trigger"
            ),
            models.CheckConstraint(
                condition=Q(method__in=AttributionMethod.values), name="attribution_attempt_method"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="attribution_attempt_confidence",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{layer}__in": ["", *LayerOutcome.values]}),
                    name=f"attribution_attempt_{layer}",
                )
                for layer in ("url_parameter", "identity", "fingerprint", "probabilistic")
            ),
        ]
        indexes = [models.Index(fields=["workspace", "at"], name="attribution_attempt_newest")]

    def __str__(self) -> str:
        return f"{self.conversion_id}: {self.method}"
