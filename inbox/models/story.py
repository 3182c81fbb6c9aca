"""A conversation's story: what was done with it, and what colleagues tell each other about it."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from inbox.models.conversations import Conversation
from workspaces.ids import uuid7
from workspaces.models import User, Workspace
from workspaces.search import words_of


class HappenedKind(models.TextChoices):
    """What is done with conversations."""

    OPENED = "opened", "Opened"
    ASSIGNED = "assigned", "Assigned"
    TAGGED = "tagged", "Tagged"
    CLOSED = "closed", "Closed"
    REOPENED = "reopened", "Reopened"
    SNOOZED = "snoozed", "Snoozed"
    WOKEN = "woken", "Woken"
    MERGED = "merged", "Merged"
    UNMERGED = "unmerged", "Taken apart"
    SPLIT = "split", "Split"
    POSTURE = "posture", "What the machine may do"
    TEAM = "team", "Given to a team"
    READING = "reading", "Read differently"
    BREACHED = "breached", "Target missed"
    ESCALATED = "escalated", "Escalated"
    UNDONE = "undone", "Undone"
    WAITING = "waiting", "Waiting for the customer"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "Answer not delivered"
    RATED = "rated", "Rated"
    JOINED = "joined", "The same person"
    PARTED = "parted", "Two people after all"


class ConversationEvent(models.Model):
    """One thing that was done with a conversation: by whom, and what was before. Stays."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, conversation).
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="events", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    kind = models.CharField(max_length=9, choices=HappenedKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    by_label = models.CharField(max_length=150)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    #: What was done at once is undone at once.
    batch = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=HappenedKind.values), name="inbox_conversationevent_kind"
            )
        ]
        indexes = [
            # A conversation's story.
            models.Index(fields=["conversation", "at", "id"], name="inbox_conversationevent_story"),
            # Lists of all of a workspace, newest first.
            models.Index(fields=["workspace", "-id"], name="inbox_conversationevent_newest"),
            models.Index(
                fields=["workspace", "batch", "id"],
                name="inbox_conversationevent_batch",
                condition=Q(batch__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class InternalNote(models.Model):
    """What a colleague wrote for colleagues."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, conversation).
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="notes", db_constraint=False
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    written_at = models.DateTimeField()
    mentions = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Users that it calls."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="inbox_internalnote_text")
        ]
        indexes = [GinIndex(words_of("text"), name="inbox_internalnote_words")]

    def __str__(self) -> str:
        return self.text[:60]
