"""People we may write to, where they are reached, and what they agreed to."""

from __future__ import annotations

import re
from typing import Final

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper

from attribution.models import CustomerType, LifecycleStage, Person
from outreach.models.channels import MessageChannel, Purpose, money
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.models.workspace import validate_time_zone

_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# No key says it: a person's workspace stands in its own row.
_OWN_PERSON = pgtrigger.Trigger(
    name="own_person",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
    IF NOT EXISTS (
        SELECT FROM attribution_person p
         WHERE p.id = NEW.person_id AND p.workspace_id = NEW.workspace_id
    ) THEN
        RAISE EXCEPTION 'person % is of another workspace', NEW.person_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)


def _names_beginning(field: str, *, name: str) -> models.Index:
    """Index what ``iexact`` and ``istartswith`` compare, under any collation."""
    return models.Index(F("workspace"), OpClass(Upper(field), "text_pattern_ops"), name=name)


class Contact(models.Model):
    """Somebody we may write to. Who that is on the website and in the CRM says ``person``."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contacts")
    external_id = models.CharField(
        max_length=120, blank=True, default="", help_text="Its id where it came from."
    )
    first_name = models.CharField(max_length=120, blank=True, default="")
    last_name = models.CharField(max_length=120, blank=True, default="")
    locale = models.CharField(max_length=20, blank=True, default="", help_text="Such as de-AT.")
    time_zone = models.CharField(
        max_length=64, blank=True, default="",
        help_text="Empty: unknown; then all zones of the country count.",
    )  # fmt: skip
    country = models.CharField(max_length=2, blank=True, default="")
    region = models.CharField(max_length=10, blank=True, default="", help_text="State, as US-FL.")
    customer_type = models.CharField(
        max_length=9, choices=CustomerType.choices, default=CustomerType.NEW
    )
    lifecycle_stage = models.CharField(
        max_length=8, choices=LifecycleStage.choices, blank=True, default=""
    )
    preferred_channel = models.CharField(
        max_length=9, choices=MessageChannel.choices, blank=True, default=""
    )
    attributes = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, blank=True, default="", help_text="import, api, …")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_contact_of"),
            models.UniqueConstraint(
                fields=["workspace", "external_id"],
                condition=~Q(external_id=""),
                name="outreach_contact_external_once",
                violation_error_message="There is a contact of this external id already.",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=CustomerType.values), name="outreach_contact_customer"
            ),
            models.CheckConstraint(
                condition=Q(lifecycle_stage__in=["", *LifecycleStage.values]),
                name="outreach_contact_lifecycle",
            ),
            models.CheckConstraint(
                condition=Q(preferred_channel__in=["", *MessageChannel.values]),
                name="outreach_contact_preferred",
            ),
        ]
        indexes = [
            # A search by one of their names, or by its beginning.
            _names_beginning("first_name", name="outreach_contact_first_name"),
            _names_beginning("last_name", name="outreach_contact_last_name"),
        ]
        triggers = [_OWN_PERSON]

    def __str__(self) -> str:
        return self.name or self._address or self.external_id or f"Somebody, {self.public_id}"

    @property
    def name(self) -> str:
        """First and last name, as far as they are known."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def _address(self) -> str:
        """Where we write to them first, if whoever shows many has read the addresses of all."""
        points = getattr(self, "_prefetched_objects_cache", {}).get("points", ())
        return min(points, key=lambda one: (one.position, one.pk)).told if points else ""

    def clean(self) -> None:
        """Refuse a zone that there is not."""
        if self.time_zone:
            validate_time_zone(self.time_zone)


class ContactPoint(models.Model):
    """One address of a contact on one channel, and how it answered so far."""

    # The key is one of the table: (workspace, contact).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="points", db_constraint=False
    )
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    address = models.CharField(
        max_length=254, help_text="Normalised: small letters, +E.164, the platform's own id."
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="0 is written to first.")
    verified_at = models.DateTimeField(null=True, blank=True)
    is_reachable = models.BooleanField(default=True)
    unreachable_reason = models.CharField(max_length=200, blank=True, default="")
    last_hard_failure_at = models.DateTimeField(null=True, blank=True)
    last_inbound_at = models.DateTimeField(
        null=True, blank=True, help_text="When they last wrote to us."
    )
    entered_by_ad_at = models.DateTimeField(
        null=True, blank=True, help_text="When an ad opened the conversation."
    )
    sent = models.PositiveIntegerField(default=0, db_default=0)
    opened = models.PositiveIntegerField(default=0, db_default=0)
    clicked = models.PositiveIntegerField(default=0, db_default=0)
    replied = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "address"],
                name="outreach_contactpoint_once",
                violation_error_message="Another contact has this address.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_contactpoint_of"),
            models.CheckConstraint(
                condition=Q(channel__in=MessageChannel.values), name="outreach_contactpoint_channel"
            ),
            models.CheckConstraint(condition=~Q(address=""), name="outreach_contactpoint_address"),
        ]
        indexes = [
            # Whose addresses a suppressed domain means.
            models.Index(
                F("workspace"),
                Func(F("address"), Value("@"), Value(2), function="split_part"),
                name="outreach_contactpoint_domain",
                condition=Q(channel="email"),
            ),
            # A search by the beginning of an address.
            models.Index(
                fields=["workspace", "address"],
                name="outreach_contactpoint_prefix",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
        ]
        triggers = [
            # What plans say of an address goes with it.
            pgtrigger.Trigger(
                name="leaves_plans",
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(old="gone"),  # type: ignore[no-untyped-call]  # untyped
                func="""
                DELETE FROM outreach_plannedsend r USING gone g
                 WHERE r.contact_id = g.contact_id AND r.point_id = g.id;
                RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def told(self) -> str:
        """Name for somebody who told none: an id of a network says nothing without it."""
        is_plain = self.channel in (
            MessageChannel.EMAIL, MessageChannel.SMS, MessageChannel.WHATSAPP
        )  # fmt: skip
        return self.address if is_plain else f"{self.get_channel_display()} {self.address}"


class ConsentSource(models.TextChoices):
    """How somebody told us."""

    FORM = "form", "Form"
    IMPORT = "import", "Import"
    API = "api", "Integration"
    PREFERENCES = "preferences", "Preference page"
    UNSUBSCRIBE = "unsubscribe", "Unsubscribe link"
    STOP = "stop", "Message to stop"
    COMPLAINT = "complaint", "Complaint"
    PROVIDER = "provider", "Provider"
    PERSON = "person", "Entered by a person"


class Consent(models.Model):
    """Given or withdrawn, by whom and how; append-only. The newest of a purpose holds."""

    # The key is one of the table: (workspace, contact).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="consents", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    purpose = models.CharField(max_length=9, choices=Purpose.choices)
    is_given = models.BooleanField(help_text="No: withdrawn.")
    source = models.CharField(max_length=11, choices=ConsentSource.choices)
    evidence = models.JSONField(
        default=dict, blank=True, help_text="Text shown, page, address, message: what proves it."
    )
    at = models.DateTimeField()
    by_label = models.CharField(max_length=150, blank=True, default="")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=MessageChannel.values, purpose__in=Purpose.values,
                            source__in=ConsentSource.values),
                name="outreach_consent_words",
            ),
        ]  # fmt: skip
        indexes = [
            # What holds now for a contact, channel and purpose.
            models.Index(
                F("workspace"), F("contact"), F("channel"), F("purpose"), F("at").desc(),
                F("id").desc(), name="outreach_consent_newest",
            ),
            # Everybody who agrees to something, without a look at the rows.
            models.Index(
                F("workspace"), F("channel"), F("purpose"), F("contact"), F("at").desc(),
                F("id").desc(), name="outreach_consent_audience", include=["is_given"],
            ),
        ]  # fmt: skip
        triggers = [
            # Erasing a person empties the evidence; nothing else changes.
            pgtrigger.Trigger(
                name="append_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                IF (NEW.workspace_id, NEW.contact_id, NEW.channel, NEW.purpose, NEW.is_given,
                    NEW.source, NEW.at)
                   IS DISTINCT FROM
                   (OLD.workspace_id, OLD.contact_id, OLD.channel, OLD.purpose, OLD.is_given,
                    OLD.source, OLD.at) THEN
                    RAISE EXCEPTION 'consent stays as it was given; add a newer one'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.purpose}: {'given' if self.is_given else 'withdrawn'}"


class SuppressionReason(models.TextChoices):
    """Why nobody writes there any more."""

    UNSUBSCRIBE = "unsubscribe", "Unsubscribed"
    BOUNCE = "bounce", "Bounced"
    COMPLAINT = "complaint", "Complained"
    MANUAL = "manual", "By a person"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class Suppression(models.Model):
    """An address or domain that is not written to, whoever it belongs to."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(
        max_length=9, choices=MessageChannel.choices, blank=True, default="",
        help_text="Empty: every channel.",
    )  # fmt: skip
    is_domain = models.BooleanField(default=False)
    value = models.CharField(
        max_length=254, help_text="The address or domain; of somebody erased only its SHA-256."
    )
    reason = models.CharField(max_length=11, choices=SuppressionReason.choices)
    purpose = models.CharField(
        max_length=9, choices=Purpose.choices, blank=True, default="",
        help_text="Empty: messages of any purpose.",
    )  # fmt: skip
    note = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: for good.")
    by_label = models.CharField(max_length=150, blank=True, default="")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            # Also what planning and each send look up.
            models.UniqueConstraint(
                fields=["workspace", "value", "is_domain", "channel", "purpose", "reason"],
                condition=Q(lifted_at=None),
                name="outreach_suppression_one_open",
                violation_error_message="This is suppressed already.",
            ),
            models.CheckConstraint(condition=~Q(value=""), name="outreach_suppression_value"),
            models.CheckConstraint(
                condition=Q(channel__in=["", *MessageChannel.values],
                            purpose__in=["", *Purpose.values],
                            reason__in=SuppressionReason.values),
                name="outreach_suppression_words",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.value

    @property
    def message_public_id(self) -> str:
        """The message after which it was made, empty where a person or a file made it."""
        word, _, public_id = self.note.partition(" ")
        return public_id if word == "Message" and _UUID.fullmatch(public_id) else ""


class ContactStanding(models.Model):
    """What a contact bought and when they read: counted daily, for segments and send times."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, contact).
    contact = models.OneToOneField(
        Contact, primary_key=True, on_delete=models.CASCADE, related_name="standing",
        db_constraint=False,
    )  # fmt: skip
    purchases = models.PositiveIntegerField(default=0)
    spent = money(default=0, help_text="In the workspace's currency.")
    last_purchase_at = models.DateTimeField(null=True, blank=True)
    recency = models.PositiveSmallIntegerField(default=0, help_text="1 to 5; 0: never bought.")
    frequency = models.PositiveSmallIntegerField(default=0)
    monetary = models.PositiveSmallIntegerField(default=0)
    segment = models.CharField(max_length=20, blank=True, default="")
    hours = ArrayField(
        models.PositiveIntegerField(), default=list, blank=True,
        help_text="Opens, clicks and visits by hour of their day, 24 of them.",
    )  # fmt: skip
    device = models.CharField(max_length=10, blank=True, default="", help_text="Seen last.")
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(recency__lte=5, frequency__lte=5, monetary__lte=5),
                name="outreach_standing_quintiles",
            )
        ]
        indexes = [
            # Everybody of a segment.
            models.Index(fields=["workspace", "segment"], name="outreach_standing_segment"),
        ]

    def __str__(self) -> str:
        return self.segment or "–"
