"""Answers: templates, drafts that wait for a signature, and what may go out without one."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from inbox.models.conversations import Conversation, Intent
from inbox.models.responses import CustomerResponse
from workspaces.ids import uuid7
from workspaces.models import Proposal, User, Workspace


class TemplateCategory(models.TextChoices):
    """What an answer is for."""

    FAQ = "faq", "Question"
    OBJECTION = "objection_handling", "Objection"
    FOLLOW_UP = "follow_up", "Follow-up"


class DraftSource(models.TextChoices):
    """Who wrote a draft."""

    TEMPLATE = "template", "An approved template"
    MODEL = "model", "A language model, from templates and the conversation"
    EXTERNAL = "external", "Another system"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ResponseTemplate(models.Model):
    """An answer written beforehand, with places to fill in. Drafts are made of approved ones."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="response_templates"
    )
    name = models.CharField(max_length=100)
    category = models.CharField(
        max_length=18, choices=TemplateCategory.choices, default=TemplateCategory.FAQ
    )
    intents = ArrayField(
        models.CharField(max_length=11, choices=Intent.choices), default=list, blank=True,
        help_text="Messages that it answers; empty: whatever is like it.",
    )  # fmt: skip
    channels = ArrayField(
        models.CharField(max_length=9), default=list, blank=True, help_text="Empty: all."
    )
    language = models.CharField(max_length=8, default="en")
    subject = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField(help_text="Places such as {{ first_name }}.")
    requires_approval = models.BooleanField(
        default=True, help_text="Answers made of it always wait for a person."
    )
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, db_default=0)
    satisfied = models.PositiveIntegerField(
        default=0, db_default=0, help_text="People who were glad of an answer made of it."
    )
    rated = models.PositiveIntegerField(default=0, db_default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("workspace"),
                Lower("name"),
                condition=Q(archived_at=None),
                name="inbox_responsetemplate_once",
                violation_error_message="Another template has this name.",
            ),
            models.CheckConstraint(
                condition=Q(category__in=TemplateCategory.values),
                name="inbox_responsetemplate_category",
            ),
            models.CheckConstraint(
                condition=~Q(body=""), name="inbox_responsetemplate_body",
                violation_error_message="Write the answer.",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="inbox_responsetemplate_approved",
            ),
            models.CheckConstraint(
                condition=Q(satisfied__lte=F("rated")), name="inbox_responsetemplate_rated"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ReplyDraft(models.Model):
    """A proposal to answer somebody, for filters and pages."""

    proposal = models.OneToOneField(Proposal, primary_key=True, on_delete=models.CASCADE)
    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="drafts", db_constraint=False
    )
    answers = models.ForeignKey(
        CustomerResponse, on_delete=models.PROTECT, related_name="drafts", db_constraint=False,
        help_text="What it answers; it goes to the address that wrote this.",
    )  # fmt: skip
    source = models.CharField(max_length=8, choices=DraftSource.choices)
    template = models.ForeignKey(
        ResponseTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="drafts"
    )
    intent = models.CharField(max_length=11, choices=Intent.choices, blank=True, default="")
    confidence = models.FloatField(null=True, blank=True, help_text="0 to 1.")
    subject = models.CharField(max_length=998, blank=True, default="")
    text = models.TextField()
    why_person = models.CharField(
        max_length=200, blank=True, default="", help_text="Why a person signs; empty: need not."
    )
    response = models.OneToOneField(
        CustomerResponse, null=True, blank=True, on_delete=models.PROTECT, related_name="draft",
        db_constraint=False, help_text="The answer that it became.",
    )  # fmt: skip
    sources = models.JSONField(
        default=list, blank=True, help_text="What it rests on, as a person reads it."
    )
    similarity = models.FloatField(
        null=True, blank=True, help_text="Of the message to the template's, −1 to 1."
    )
    was_auto = models.BooleanField(
        default=False, db_default=False, help_text="Nobody signed it: the policy let it go out."
    )
    cluster = models.UUIDField(
        null=True, blank=True, help_text="Drafts that say nearly the same are signed together."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=DraftSource.values), name="inbox_replydraft_source"
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1),
                name="inbox_replydraft_confidence",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "cluster"],
                name="inbox_replydraft_cluster",
                condition=Q(cluster__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class AutoSendRule(models.Model):
    """Whether answers of one intent may go out unsigned. Switched on by a person, off by itself."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="auto_send_rules"
    )
    intent = models.CharField(max_length=11, choices=Intent.choices)
    is_on = models.BooleanField(default=False)
    audit_share = models.FloatField(
        default=0.1, validators=[MinValueValidator(0.01), MaxValueValidator(1)],
        help_text="Of what went out in a day, so much is looked at blind.",
    )  # fmt: skip
    demoted_at = models.DateTimeField(null=True, blank=True)
    demoted_because = models.CharField(max_length=200, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "intent"], name="inbox_autosendrule_once"),
            models.CheckConstraint(
                condition=Q(intent__in=["question", "compliment", "purchase"]),
                name="inbox_autosendrule_intent",
                violation_error_message="Only answers to questions, compliments and purchases may "
                "go out unsigned.",
            ),
            models.CheckConstraint(
                condition=Q(is_on=False) | Q(demoted_at=None), name="inbox_autosendrule_demoted"
            ),
            models.CheckConstraint(
                condition=Q(audit_share__gte=0.01, audit_share__lte=1),
                name="inbox_autosendrule_share",
            ),
        ]

    def __str__(self) -> str:
        return self.get_intent_display()


class Verdict(models.TextChoices):
    """What a person says of a draft without knowing whether it went out."""

    OPEN = "", "Not looked at"
    GOOD = "good", "Good as it is"
    BAD = "bad", "Should not have gone out"


class AuditedReply(models.Model):
    """A draft that a person is asked about afterwards, blind."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    draft = models.OneToOneField(ReplyDraft, on_delete=models.CASCADE, related_name="audit")
    intent = models.CharField(max_length=11, choices=Intent.choices)
    was_auto = models.BooleanField()
    drawn_on = models.DateField()
    verdict = models.CharField(
        max_length=4, choices=Verdict.choices, blank=True, default=Verdict.OPEN
    )
    why = models.CharField(max_length=200, blank=True, default="")
    judged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "audited replies"
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", judged_at=None)
                | Q(verdict__in=["good", "bad"], judged_at__isnull=False),
                name="inbox_auditedreply_judged",
            )
        ]
        indexes = [
            # How good the drafts of an intent were, and what waits to be looked at.
            models.Index(
                fields=["workspace", "intent", "judged_at"], name="inbox_auditedreply_intent"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.drawn_on}"
