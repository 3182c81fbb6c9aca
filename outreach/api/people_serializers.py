"""What the API takes and tells of contacts, consent, suppressions and audiences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from attribution.models import CustomerType, LifecycleStage
from outreach.models import (
    AudienceKind,
    ConsentSource,
    Contact,
    MessageChannel,
    Purpose,
    SuppressionReason,
)
from outreach.services.people.keeping import TEXTS
from workspaces.api.fields import AmountField, Body, RefusesUnknown

_OPTIONAL_CHANNEL = [("", "Any"), *MessageChannel.choices]
_OPTIONAL_PURPOSE = [("", "Any"), *Purpose.choices]


class PointIn(RefusesUnknown):
    """An address; of several on a channel the first is written to first."""

    channel = serializers.ChoiceField(MessageChannel.choices)
    address = serializers.CharField(max_length=254)


def _text(name: str, help_text: str = "") -> serializers.CharField:
    return serializers.CharField(
        max_length=TEXTS[name], required=False, allow_blank=True, help_text=help_text
    )


class ContactIn(Body):
    """A contact, or what is to change of one."""

    external_id = _text("external_id", "Its id where it comes from; unique.")
    first_name = _text("first_name")
    last_name = _text("last_name")
    locale = _text("locale", "Such as de-AT.")
    time_zone = _text("time_zone", "Such as Europe/Vienna.")
    country = _text("country", "Two letters; phones without a country code are read by its rules.")
    region = _text("region", "State, as US-FL.")
    preferred_channel = serializers.ChoiceField(_OPTIONAL_CHANNEL, required=False, allow_blank=True)
    attributes = serializers.DictField(
        required=False, help_text="Names and plain values of your own; null removes one."
    )
    points = serializers.ListField(
        child=PointIn(), required=False, max_length=20, help_text="All addresses there are."
    )
    user_id = serializers.CharField(max_length=120, required=False, help_text="On your website.")
    crm_contact = serializers.CharField(max_length=120, required=False)


class ContactChangeIn(ContactIn):
    """What is to change; ``is_archived`` puts a contact away, or takes it back."""

    is_archived = serializers.BooleanField(required=False)


class PointOut(serializers.Serializer[Any]):
    """An address and how it answers."""

    channel = serializers.ChoiceField(MessageChannel.choices)
    address = serializers.CharField()
    position = serializers.IntegerField()
    is_reachable = serializers.BooleanField()
    unreachable_reason = serializers.CharField()
    verified_at = serializers.DateTimeField(allow_null=True)
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    sent = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    replied = serializers.IntegerField()


class PurchasesOut(serializers.Serializer[Any]):
    """What they bought, counted daily."""

    purchases = serializers.IntegerField()
    spent = AmountField()
    last_purchase_at = serializers.DateTimeField(allow_null=True)
    recency = serializers.IntegerField()
    frequency = serializers.IntegerField()
    monetary = serializers.IntegerField()
    segment = serializers.CharField()
    counted_at = serializers.DateTimeField()


class ContactOut(serializers.Serializer[Any]):
    """A contact."""

    id = serializers.UUIDField(source="public_id")
    person = serializers.UUIDField(source="person.public_id", help_text="In attribution.")
    external_id = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    locale = serializers.CharField()
    time_zone = serializers.CharField()
    country = serializers.CharField()
    region = serializers.CharField()
    customer_type = serializers.ChoiceField(CustomerType.choices)
    lifecycle_stage = serializers.ChoiceField([("", "None"), *LifecycleStage.choices])
    preferred_channel = serializers.ChoiceField(_OPTIONAL_CHANNEL)
    attributes = serializers.JSONField()
    points = PointOut(many=True)
    standing = serializers.SerializerMethodField()
    source = serializers.CharField()  # type: ignore[assignment]  # its name
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(PurchasesOut(allow_null=True))
    def get_standing(self, contact: Contact) -> Mapping[str, Any] | None:
        """Show what is counted of them, if anything is."""
        standing = getattr(contact, "standing", None)
        return PurchasesOut(standing).data if standing else None


class ConsentOut(serializers.Serializer[Any]):
    """Something somebody said."""

    channel = serializers.ChoiceField(MessageChannel.choices)
    purpose = serializers.ChoiceField(Purpose.choices)
    is_given = serializers.BooleanField()
    source = serializers.ChoiceField(ConsentSource.choices)  # type: ignore[assignment]  # its name
    evidence = serializers.JSONField()
    at = serializers.DateTimeField()
    by = serializers.CharField(source="by_label")


class ConsentsOut(serializers.Serializer[Any]):
    """What holds now, and everything that was ever said."""

    current = ConsentOut(many=True)
    history = ConsentOut(many=True)


class SaidIn(RefusesUnknown):
    """What is said on a channel and purpose."""

    channel = serializers.ChoiceField(MessageChannel.choices)
    purpose = serializers.ChoiceField(Purpose.choices, default=Purpose.MARKETING)
    is_given = serializers.BooleanField()


class ConsentIn(Body):
    """Consent that is given or withdrawn."""

    consents = serializers.ListField(child=SaidIn(), min_length=1, max_length=16)
    statement = serializers.CharField(
        max_length=1000, required=False, default="", allow_blank=True,
        help_text="What they agreed to, and how; needed where consent is given.",
    )  # fmt: skip
    at = serializers.DateTimeField(required=False, help_text="When; now, if not said.")


class SuppressionIn(Body):
    """Addresses or domains that nobody is to write to."""

    values = serializers.ListField(child=serializers.CharField(max_length=254), min_length=1,
                                   max_length=10_000)  # fmt: skip
    is_domain = serializers.BooleanField(required=False, default=False)
    channel = serializers.ChoiceField(
        _OPTIONAL_CHANNEL, required=False, default="", allow_blank=True
    )
    purpose = serializers.ChoiceField(
        _OPTIONAL_PURPOSE, required=False, default="", allow_blank=True
    )
    reason = serializers.ChoiceField(SuppressionReason.choices, default=SuppressionReason.MANUAL)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class SuppressedOut(serializers.Serializer[Any]):
    """How many were new."""

    added = serializers.IntegerField()


class SuppressionOut(serializers.Serializer[Any]):
    """An address or domain that is not written to."""

    id = serializers.UUIDField(source="public_id")
    value = serializers.CharField(help_text="Of somebody erased its SHA-256.")
    is_domain = serializers.BooleanField()
    channel = serializers.ChoiceField(_OPTIONAL_CHANNEL)
    purpose = serializers.ChoiceField(_OPTIONAL_PURPOSE)
    reason = serializers.ChoiceField(SuppressionReason.choices)
    note = serializers.CharField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(source="by_label")
    lifted_at = serializers.DateTimeField(allow_null=True)


class LiftIn(Body):
    """Why they may be written to again."""

    reason = serializers.CharField(max_length=300)


class AudienceChangeIn(Body):
    """What is to change of an audience."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    rules = serializers.JSONField(
        required=False, help_text="{match: all|any, rules: […]}; see docs/contacts.md."
    )
    add = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=10_000,
        help_text="Contacts to put on a fixed list.",
    )  # fmt: skip
    remove = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=10_000,
        help_text="Contacts to take off a fixed list.",
    )  # fmt: skip
    add_from = serializers.UUIDField(
        required=False, help_text="An audience whose members of now are put on a fixed list."
    )
    is_archived = serializers.BooleanField(required=False)


class AudienceIn(AudienceChangeIn):
    """A new audience."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(AudienceKind.choices, default=AudienceKind.RULES)


class RulesIn(Body):
    """Rules that need not be saved."""

    rules = serializers.JSONField()


class AudienceOut(serializers.Serializer[Any]):
    """An audience."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(AudienceKind.choices)
    rules = serializers.JSONField()
    size = serializers.IntegerField(allow_null=True, help_text="When it was last counted.")
    sized_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)


class SampleOut(serializers.Serializer[Any]):
    """Somebody of an audience."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="__str__")
    country = serializers.CharField()
    points = PointOut(many=True)


class AudiencePreviewOut(serializers.Serializer[Any]):
    """Who belongs to it now."""

    count = serializers.IntegerField()
    words = serializers.CharField(help_text="The rules as a sentence.")
    contacts = SampleOut(many=True)


class AudienceDetailOut(AudienceOut):
    """An audience, counted now."""

    count = serializers.IntegerField()
    words = serializers.CharField()
    contacts = SampleOut(many=True)
