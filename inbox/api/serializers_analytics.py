"""What figures of the inbox are asked with, and how they are told."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.models import InboxChannel, Team


class InboxAnalyticsQuery(serializers.Serializer[Any]):
    """Which days, and whose."""

    channel = serializers.ChoiceField(InboxChannel.choices, required=False)
    team = serializers.ChoiceField(Team.choices, required=False)
    agent = serializers.CharField(required=False, help_text="A member's address, or none.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The days besides, whose names are words of Python."""
        days = {
            "from": serializers.DateField(
                required=False, help_text="First day, by the workspace's clock; usually 6 days ago."
            ),
            "to": serializers.DateField(
                required=False, help_text="Last day, usually today; at most 92 days in all."
            ),
        }
        return {**days, **super().get_fields()}


class InboxVolumeOut(serializers.Serializer[Any]):
    """Messages, theirs and ours; what machines wrote is left out."""

    incoming = serializers.IntegerField()
    outgoing = serializers.IntegerField()


class InboxDayOut(InboxVolumeOut):
    """Messages of a day."""

    date = serializers.DateField()


class InboxArrivalsOut(serializers.Serializer[Any]):
    """Messages in, by hour of a weekday."""

    weekday = serializers.IntegerField(help_text="1: Monday.")
    hours = serializers.ListField(child=serializers.IntegerField())


class InboxSpreadOut(serializers.Serializer[Any]):
    """How long something took."""

    count = serializers.IntegerField()
    mean_minutes = serializers.FloatField(allow_null=True)
    median_minutes = serializers.FloatField(allow_null=True)
    p90_minutes = serializers.FloatField(allow_null=True)


class InboxScoresOut(serializers.Serializer[Any]):
    """What people said of how it was, from 1 to 5."""

    rated = serializers.IntegerField()
    satisfied = serializers.IntegerField(help_text="Who gave 4 or 5.")
    satisfied_share = serializers.FloatField(allow_null=True)
    mean_score = serializers.FloatField(allow_null=True)


class InboxFiguresOut(serializers.Serializer[Any]):
    """Of those who began to wait for an answer in these days."""

    waited = serializers.IntegerField(help_text="How often somebody began to wait for an answer.")
    answered = serializers.IntegerField()
    first_response = InboxSpreadOut(help_text="Of first answers, in minutes of business time.")
    first_response_on_the_wall = InboxSpreadOut()
    met = serializers.IntegerField(help_text="Promises kept.")
    missed = serializers.IntegerField()
    eligible = serializers.IntegerField(
        help_text="Kept and missed; what is not due yet is neither."
    )
    compliance = serializers.FloatField(allow_null=True, help_text="met / eligible")
    automatic = serializers.IntegerField(help_text="Answers that went out unsigned.")
    automatic_share = serializers.FloatField(allow_null=True)
    conversations = serializers.IntegerField()
    escalated = serializers.IntegerField(help_text="Conversations that were escalated.")
    escalated_share = serializers.FloatField(allow_null=True)


class InboxPartOut(InboxFiguresOut):
    """The same of one part."""

    key = serializers.CharField(help_text="An agent's number; none: nobody's.")
    name = serializers.CharField()
    satisfaction = InboxScoresOut()


class InboxBacklogOut(serializers.Serializer[Any]):
    """Who waits for us now, by how long."""

    age = serializers.CharField()
    conversations = serializers.IntegerField()


class InboxGoalsOut(serializers.Serializer[Any]):
    """What is asked of the inbox."""

    service_email_mean_minutes = serializers.FloatField(help_text="Below it.")
    automatic_share = serializers.FloatField(help_text="At least.")
    escalated_share = serializers.FloatField(help_text="Below it.")


class InboxAnalyticsOut(serializers.Serializer[Any]):
    """Figures of some days."""

    time_zone = serializers.CharField()
    volume = InboxVolumeOut()
    volume_before = InboxVolumeOut(help_text="Of as many days before.")
    days = InboxDayOut(many=True)
    arrivals = InboxArrivalsOut(many=True)
    total = InboxFiguresOut()
    before = InboxFiguresOut(help_text="Of as many days before.")
    by_intent = InboxPartOut(many=True)
    by_channel = InboxPartOut(many=True)
    by_team = InboxPartOut(many=True)
    by_agent = InboxPartOut(many=True)
    service_email = InboxSpreadOut(
        help_text="First answers to e-mails, but of those we sell to, in minutes of business time."
    )
    satisfaction = InboxScoresOut()
    satisfaction_before = InboxScoresOut()
    backlog = InboxBacklogOut(many=True)
    goals = InboxGoalsOut()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The days besides, whose names are words of Python."""
        days = {"from": serializers.DateField(), "to": serializers.DateField()}
        return {**days, **super().get_fields()}
