"""Texts of messages: a template, and its versions, which never change."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from outreach.models.channels import MessageChannel
from workspaces.ids import uuid7
from workspaces.models import Workspace


class TemplateCategory(models.TextChoices):
    """What a text is for, as providers of templates divide them."""

    MARKETING = "marketing", "Marketing"
    UTILITY = "utility", "Utility"
    AUTHENTICATION = "authentication", "Authentication"
    SERVICE = "service", "Service"


class TemplateStatus(models.TextChoices):
    """Whether it may be used."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    ARCHIVED = "archived", "Archived"


class Markup(models.TextChoices):
    """What the body of an e-mail is written in."""

    NONE = "none", "Text only"
    HTML = "html", "HTML"
    MJML = "mjml", "MJML"


class ChannelTemplate(models.Model):
    """A text for one channel; what it says stands in its versions."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    category = models.CharField(
        max_length=14, choices=TemplateCategory.choices, default=TemplateCategory.MARKETING
    )
    status = models.CharField(
        max_length=8, choices=TemplateStatus.choices, default=TemplateStatus.DRAFT
    )
    # The key is one of the table: (workspace, version).
    current = models.ForeignKey(
        "TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_constraint=False, help_text="What new sends use.",
    )  # fmt: skip
    provider_key = models.CharField(
        max_length=80, blank=True, default="",
        help_text="Of a template that the provider approves: its id there (ContentSid).",
    )  # fmt: skip
    provider_status = models.CharField(
        max_length=12, blank=True, default="", help_text="approved, pending, rejected, …"
    )
    created_by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_template_of"),
            models.UniqueConstraint(
                fields=["workspace", "channel", "name"],
                condition=~Q(status="archived"),
                name="outreach_template_named_once",
                violation_error_message="There is a template of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=MessageChannel.values,
                            category__in=TemplateCategory.values,
                            status__in=TemplateStatus.values),
                name="outreach_template_words",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(current__isnull=False),
                name="outreach_template_has_text",
                violation_error_message="Write a text before it is used.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """A text as it was saved; immutable, so what was signed is what is sent."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The key is one of the table: (workspace, template).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    template = models.ForeignKey(
        ChannelTemplate, on_delete=models.PROTECT, related_name="versions", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=300, blank=True, default="")
    preheader = models.CharField(max_length=200, blank=True, default="")
    text = models.TextField(blank=True, default="", help_text="Empty beside HTML: made from it.")
    body = models.TextField(blank=True, default="", help_text="HTML or MJML.")
    markup = models.CharField(max_length=4, choices=Markup.choices, default=Markup.NONE)
    variables = models.JSONField(
        default=list, blank=True, help_text="Name, type, sample and whether it must be there."
    )
    sha256 = models.CharField(max_length=64)
    by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="outreach_templateversion_once"
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_templateversion_of"),
            models.CheckConstraint(
                condition=Q(markup__in=Markup.values), name="outreach_templateversion_markup"
            ),
        ]
        triggers = [pgtrigger.Protect(name="immutable", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"version {self.number}"
