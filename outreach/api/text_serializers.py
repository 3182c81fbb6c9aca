"""What the API takes and tells of texts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from outreach.engine.rendering.variables import TYPES
from outreach.models import Markup, MessageChannel, TemplateCategory, TemplateStatus
from workspaces.api.fields import Body, RefusesUnknown

_SEVERITIES = [("error", "Error"), ("warning", "Warning"), ("hint", "Hint")]


class TextVariableIn(RefusesUnknown):
    """A blank that recipients fill."""

    name = serializers.CharField(max_length=50, help_text="Small letters, digits, underscores.")
    type = serializers.ChoiceField([(one, one) for one in TYPES], required=False)
    sample = serializers.JSONField(
        required=False, help_text="Shown in previews; money as {amount, currency}."
    )
    required = serializers.BooleanField(  # type: ignore[assignment]  # its name
        required=False, help_text="Who lacks it gets no message; true unless said."
    )


class TextPartsIn(Body):
    """What a text says; parts that are left out stay as they are."""

    subject = serializers.CharField(max_length=300, required=False, allow_blank=True)
    preheader = serializers.CharField(max_length=200, required=False, allow_blank=True)
    text = serializers.CharField(
        max_length=200_000, required=False, allow_blank=True, trim_whitespace=False,
        help_text="Plain; beside a page it may be empty and is made from it.",
    )  # fmt: skip
    body = serializers.CharField(
        max_length=200_000, required=False, allow_blank=True, trim_whitespace=False,
        help_text="HTML or MJML, as markup says.",
    )  # fmt: skip
    markup = serializers.ChoiceField(Markup.choices, required=False)
    variables = TextVariableIn(many=True, required=False)


class TextVersionIn(TextPartsIn):
    """The next version."""

    based_on = serializers.IntegerField(
        min_value=0, required=False,
        help_text="Number of the version that was read; refused if there is a newer one.",
    )  # fmt: skip
    activate = serializers.BooleanField(required=False, help_text="Use it from now on.")


class TextIn(TextPartsIn):
    """A text."""

    name = serializers.CharField(max_length=120)
    channel = serializers.ChoiceField(MessageChannel.choices)
    category = serializers.ChoiceField(TemplateCategory.choices, required=False)
    provider_key = serializers.CharField(
        max_length=80, required=False, allow_blank=True,
        help_text="Of a template that the provider approves: its id there.",
    )  # fmt: skip


class TextChangeIn(Body):
    """What is to change beside the words."""

    name = serializers.CharField(max_length=120, required=False)
    category = serializers.ChoiceField(TemplateCategory.choices, required=False)
    provider_key = serializers.CharField(max_length=80, required=False, allow_blank=True)
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="Number of the version to use from now on."
    )
    is_archived = serializers.BooleanField(required=False)


class TextPreviewIn(TextPartsIn):
    """A text that is not saved, and for whom to write it."""

    channel = serializers.ChoiceField(MessageChannel.choices)
    category = serializers.ChoiceField(TemplateCategory.choices, required=False)
    contact = serializers.UUIDField(required=False, help_text="Without one: with the samples.")


class TextOfIn(Body):
    """Which version to look at, and for whom."""

    version = serializers.IntegerField(
        min_value=1, required=False, help_text="The newest, unless said."
    )
    contact = serializers.UUIDField(required=False, help_text="Without one: with the samples.")


class TextTriedOut(serializers.Serializer[Any]):
    """How a test went."""

    is_sent = serializers.BooleanField()
    to = serializers.CharField()
    words = serializers.CharField(help_text="What the provider said, where it refused.")


class TextVersionOut(serializers.Serializer[Any]):
    """A version; it never changes."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField()
    subject = serializers.CharField()
    preheader = serializers.CharField()
    text = serializers.CharField()
    body = serializers.CharField()
    markup = serializers.ChoiceField(Markup.choices)
    variables = serializers.JSONField()
    sha256 = serializers.CharField()
    by = serializers.CharField(source="by_label")
    created_at = serializers.DateTimeField()


class TextOut(serializers.Serializer[Any]):
    """A text."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    channel = serializers.ChoiceField(MessageChannel.choices)
    category = serializers.ChoiceField(TemplateCategory.choices)
    status = serializers.ChoiceField(TemplateStatus.choices)
    version_in_use = serializers.IntegerField(source="current.number", default=None,
                                              allow_null=True)  # fmt: skip
    newest_version = serializers.IntegerField(source="newest_number")
    provider_key = serializers.CharField()
    provider_status = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TextShareOut(serializers.Serializer[Any]):
    """A share with its interval of 95 %."""

    rate = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class TextRatesOut(serializers.Serializer[Any]):
    """How it fared; shares are of what arrived."""

    sent = serializers.IntegerField()
    arrived = serializers.IntegerField()
    shares = serializers.DictField(child=TextShareOut())


class TextDetailOut(TextOut):
    """A text with its newest version."""

    newest = TextVersionOut(allow_null=True)
    rates = TextRatesOut()
    used_in = serializers.ListField(child=serializers.CharField(), help_text="Campaigns.")


class TextProblemOut(serializers.Serializer[Any]):
    """What keeps it from being written."""

    part = serializers.CharField()
    line = serializers.IntegerField(help_text="0 where there is none.")
    text = serializers.CharField()
    variable = serializers.CharField()


class TextFindingOut(serializers.Serializer[Any]):
    """A remark of the checks."""

    severity = serializers.ChoiceField(_SEVERITIES)
    rule = serializers.CharField()
    place = serializers.CharField()
    advice = serializers.CharField()


class SmsSizeOut(serializers.Serializer[Any]):
    """What an SMS takes."""

    encoding = serializers.CharField()
    units = serializers.IntegerField()
    segments = serializers.IntegerField()
    left = serializers.IntegerField()


class RenderedTextOut(serializers.Serializer[Any]):
    """The message."""

    subject = serializers.CharField()
    preheader = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()


class TextLookOut(serializers.Serializer[Any]):
    """How it looks and what the checks say; with problems nothing is rendered."""

    rendered = RenderedTextOut(allow_null=True)
    problems = TextProblemOut(many=True)
    findings = TextFindingOut(many=True)
    sms = SmsSizeOut(allow_null=True)
    from_samples = serializers.ListField(child=serializers.CharField())
