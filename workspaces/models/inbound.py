"""What other systems told us: kept raw, worked off later and once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from workspaces.models.connections import Connection


class InboundState(models.TextChoices):
    """How far an event is."""

    RECEIVED = "received", "Received"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class InboundEvent(models.Model):
    """One verified event as it came. The row is the queue: a lost message only delays it.

    ``received`` with attempts behind it waits for its next one. An event that no consumer asked for
    stays ``received`` until its time of storage is over.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    dedup_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=80, blank=True)
    body = models.TextField()
    received_at = models.DateTimeField()
    position = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Place within its call."
    )
    state = models.CharField(
        max_length=8,
        choices=InboundState.choices,
        default=InboundState.RECEIVED,
        db_default=InboundState.RECEIVED,
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "dedup_key"], name="workspaces_inboundevent_once"
            ),
            models.CheckConstraint(
                condition=Q(state=InboundState.RECEIVED, processed_at=None)
                | Q(
                    state__in=[InboundState.DONE, InboundState.FAILED],
                    processed_at__isnull=False,
                    leased_until=None,
                ),
                name="workspaces_inboundevent_state",
            ),
        ]
        indexes = [
            # the worker's query: what one connection still waits for, in order
            models.Index(
                fields=["connection", "received_at", "position"],
                condition=Q(state="received"),
                name="workspaces_inbound_open",
            ),
            # the daily clearing: oldest first
            models.Index(fields=["received_at"], name="workspaces_inbound_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.dedup_key}"
