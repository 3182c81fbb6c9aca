"""Send plans: who gets what, when and by which channel, and who does not, and why."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from outreach.models.campaigns import OutreachCampaign, SequenceStep
from outreach.models.channels import MessageChannel, money
from outreach.models.contacts import Contact, ContactPoint
from outreach.models.templates import TemplateVersion
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace

_REFUSE = "USING ERRCODE = 'check_violation'"


class PlanStatus(models.TextChoices):
    """How far a plan is."""

    BUILDING = "building", "Being made"
    READY = "ready", "Ready"
    ACTIVE = "active", "Being sent"
    DONE = "done", "Sent"
    HALTED = "halted", "Stopped"
    SUPERSEDED = "superseded", "Replaced"


class Outcome(models.TextChoices):
    """What planning says of a recipient."""

    SCHEDULED = "scheduled", "Scheduled"
    QUEUED = "queued", "Waits for a later day"
    DUPLICATE = "duplicate", "Wrote to them already"
    FREQUENCY_CAP = "frequency_cap", "Hears from us often enough"
    BUDGET_EXCEEDED = "budget_exceeded", "Budget is used up"
    DAILY_BUDGET_EXCEEDED = "daily_budget_exceeded", "Budget of the day is used up"
    DAILY_LIMIT_REACHED = "daily_limit_reached", "No day left within the limit"
    NO_VIABLE_CHANNEL = "no_viable_channel", "No channel reaches them"
    NO_CONSENT = "no_consent", "Did not agree"
    SUPPRESSED = "suppressed", "Must not be written to"
    OUTSIDE_WINDOW = "outside_window", "No hour left in which it may be sent"
    FAILED = "failed", "Could not be decided"


#: These get a message.
SENT_TO = (Outcome.SCHEDULED, Outcome.QUEUED)


class SendPlan(models.Model):
    """One send, worked out for everybody; fixed from the moment that it is ready.

    Its hash covers every row, so what is signed is what is sent.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The key is one of the table: (workspace, campaign).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(
        OutreachCampaign, on_delete=models.PROTECT, related_name="plans", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    number = models.PositiveIntegerField()
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups",
        help_text="The signed plan whose later steps this one carries out.",
    )  # fmt: skip
    signed_by = models.ForeignKey(
        Proposal, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The proposal that let it go.",
    )  # fmt: skip
    status = models.CharField(
        max_length=10, choices=PlanStatus.choices, default=PlanStatus.BUILDING
    )
    as_of = models.DateTimeField(help_text="The moment whose facts it was made from.")
    rows_sha256 = models.CharField(max_length=64, blank=True, default="")
    audience_sha256 = models.CharField(
        max_length=64, blank=True, default="", help_text="Of the members' ids, in their order."
    )
    settings = models.JSONField(
        default=dict, blank=True, help_text="Rules, texts and limits that it was made by."
    )
    counts = models.JSONField(default=dict, blank=True, help_text="By outcome, channel and step.")
    expected = models.JSONField(
        default=dict, blank=True, help_text="Deliveries, clicks and complaints with intervals."
    )
    recipients = models.PositiveIntegerField(default=0)
    blocked = models.PositiveIntegerField(default=0)
    cost = money(default=0)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    waves = ArrayField(
        models.PositiveIntegerField(), default=list, blank=True,
        help_text="How many are written to before each look at harm; the last is everybody.",
    )  # fmt: skip
    wave = models.PositiveSmallIntegerField(default=0, help_text="Sent up to this one, from 0.")
    wave_at = models.DateTimeField(null=True, blank=True, help_text="When that was let go.")
    taken = models.JSONField(
        default=dict, blank=True,
        help_text="By wave: moment and place of the last row that became a message.",
    )  # fmt: skip
    halted_reason = models.CharField(max_length=300, blank=True, default="")
    made_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="outreach_plan_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_plan_of"),
            models.CheckConstraint(
                condition=Q(status__in=PlanStatus.values), name="outreach_plan_status"
            ),
            models.CheckConstraint(
                condition=Q(status="building", made_at=None)
                | Q(status="superseded")
                | ~Q(status="building") & Q(made_at__isnull=False) & ~Q(rows_sha256=""),
                name="outreach_plan_made",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["active", "done", "halted"])
                | Q(activated_at__isnull=False),
                name="outreach_plan_activated",
            ),
            models.CheckConstraint(
                condition=Q(activated_at=None) | Q(signed_by__isnull=False),
                name="outreach_plan_signed",
            ),
        ]
        indexes = [
            # What the dispatcher takes messages from.
            models.Index(
                fields=["workspace"], name="outreach_plan_active", condition=Q(status="active")
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="is_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.made_at IS NOT NULL"),
                func=f"""
                IF (NEW.workspace_id, NEW.campaign_id, NEW.number, NEW.as_of, NEW.rows_sha256,
                    NEW.audience_sha256, NEW.settings, NEW.recipients, NEW.blocked, NEW.cost,
                    NEW.waves, NEW.made_at, NEW.follows_id)
                   IS DISTINCT FROM
                   (OLD.workspace_id, OLD.campaign_id, OLD.number, OLD.as_of, OLD.rows_sha256,
                    OLD.audience_sha256, OLD.settings, OLD.recipients, OLD.blocked, OLD.cost,
                    OLD.waves, OLD.made_at, OLD.follows_id) THEN
                    RAISE EXCEPTION 'plan % is made; make another one', NEW.id {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
            # What is let go is what a proposal names that was signed and carried out; the gate's
            # own triggers hold the signatures to that proposal.
            pgtrigger.Trigger(
                name="is_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.follows_id IS NULL"
                    " AND (NEW.activated_at IS NOT NULL OR NEW.signed_by_id IS NOT NULL)"
                ),
                func=f"""
                IF TG_OP = 'UPDATE' THEN
                    IF OLD.activated_at IS NOT NULL
                       AND OLD.signed_by_id IS NOT DISTINCT FROM NEW.signed_by_id THEN
                        RETURN NEW;
                    END IF;
                END IF;
                IF NOT EXISTS (
                    SELECT FROM workspaces_proposal p
                      JOIN workspaces_plan s ON s.id = p.current_plan_id
                     WHERE p.id = NEW.signed_by_id AND p.workspace_id = NEW.workspace_id
                       AND p.kind = 'outreach.launch' AND p.status = 'executed'
                       AND s.body::jsonb ->> 'operation' IN ('launch', 'change')
                       AND s.body::jsonb ->> 'plan' = NEW.public_id::text
                       AND s.body::jsonb ->> 'rows_sha256' = NEW.rows_sha256
                ) THEN
                    RAISE EXCEPTION 'plan % was not signed', NEW.id {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
            # The other end of what its rows hold on to.
            pgtrigger.Trigger(
                name="keeps_rows",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete | pgtrigger.UpdateOf("id", "workspace_id"),  # type: ignore[no-untyped-call]  # untyped
                func="""
                IF TG_OP = 'UPDATE' THEN
                    IF (NEW.id, NEW.workspace_id) = (OLD.id, OLD.workspace_id) THEN
                        RETURN NEW;
                    END IF;
                END IF;
                IF EXISTS (SELECT FROM outreach_plannedsend r WHERE r.plan_id = OLD.id) THEN
                    RAISE EXCEPTION 'plan % has rows', OLD.id
                        USING ERRCODE = 'foreign_key_violation';
                END IF;
                IF TG_OP = 'UPDATE' THEN
                    RETURN NEW;
                END IF;
                RETURN OLD;
                """,
            ),
            # Later steps go out as the launch was signed, or not at all.
            pgtrigger.Trigger(
                name="follows_the_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.follows_id IS NOT NULL"),
                func=f"""
                IF NOT EXISTS (
                    SELECT FROM outreach_sendplan p
                     WHERE p.id = NEW.follows_id AND p.campaign_id = NEW.campaign_id
                       AND p.follows_id IS NULL AND p.activated_at IS NOT NULL
                       AND p.signed_by_id IS NOT NULL AND p.settings = NEW.settings
                       AND (NEW.activated_at IS NULL OR NEW.signed_by_id = p.signed_by_id)
                ) THEN
                    RAISE EXCEPTION 'plan % follows none that was signed', NEW.id {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"plan {self.number}"


class PlannedSend(models.Model):
    """What a plan says of one recipient and step."""

    # Plans have a million rows: each key and index of them costs a second or more a plan. So plan
    # and workspace are held by triggers that look once a statement, and every index has a query.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    plan = models.ForeignKey(
        SendPlan, on_delete=models.CASCADE, related_name="rows", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    place = models.PositiveIntegerField(help_text="Order in the plan; earlier ones come first.")
    step = models.ForeignKey(
        SequenceStep, on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    outcome = models.CharField(max_length=21, choices=Outcome.choices)
    # Rows go with their address by a trigger of its table: it finds them by the contact.
    point = models.ForeignKey(
        ContactPoint, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    channel = models.CharField(max_length=9, choices=MessageChannel.choices, blank=True, default="")
    fallbacks = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Points, in their order."
    )
    variant = models.CharField(max_length=40, blank=True, default="")
    text = models.ForeignKey(
        TemplateVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    send_at = models.DateTimeField(null=True, blank=True)
    wave = models.PositiveSmallIntegerField(default=0)
    cost = money(default=0)
    why = models.PositiveIntegerField(
        default=0, help_text="Bits: which checks it passed, as engine.deciding names them."
    )
    consent = models.BigIntegerField(null=True, blank=True, help_text="The consent it rests on.")

    class Meta:
        verbose_name = "planned send"
        constraints = [
            models.UniqueConstraint(fields=["plan", "place"], name="outreach_plannedsend_once"),
            # The contact first: what becomes of somebody's rows is asked by the contact.
            models.UniqueConstraint(
                fields=["contact", "plan", "step"], name="outreach_plannedsend_one_each"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=SENT_TO, point__isnull=False, text__isnull=False,
                            send_at__isnull=False)
                | ~Q(outcome__in=SENT_TO) & Q(outcome__in=Outcome.values, send_at=None),
                name="outreach_plannedsend_outcome",
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="outreach_plannedsend_cost"),
        ]  # fmt: skip
        indexes = [
            # What becomes messages next.
            models.Index(
                F("plan"), F("wave"), F("send_at"), F("place"),
                name="outreach_plannedsend_next", condition=Q(outcome__in=SENT_TO),
            ),
            # Who of a plan is blocked for a reason. Most are not, and are found by their places.
            models.Index(
                fields=["plan", "outcome", "place"], name="outreach_plannedsend_why",
                condition=~Q(outcome=Outcome.SCHEDULED),
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update),
            # A plan that is made takes no more rows, and a signed one loses none but erased people.
            # The lock keeps it from being made, moved or removed meanwhile.
            pgtrigger.Trigger(
                name="plan_is_open",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),  # type: ignore[no-untyped-call]  # untyped
                declare=[("wrong", "bigint")],
                func="""
                PERFORM FROM outreach_sendplan p
                  WHERE p.id IN (SELECT DISTINCT n.plan_id FROM added n) FOR SHARE;
                wrong := (
                    SELECT min(n.plan_id)
                      FROM (SELECT DISTINCT plan_id, workspace_id FROM added) n
                      LEFT JOIN outreach_sendplan p ON p.id = n.plan_id
                       AND p.workspace_id = n.workspace_id AND p.made_at IS NULL
                     WHERE p.id IS NULL
                );
                IF wrong IS NOT NULL THEN
                    RAISE EXCEPTION 'plan % is made or not of here; make another one', wrong
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.outcome}"
