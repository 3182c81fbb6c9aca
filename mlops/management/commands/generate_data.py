"""``manage.py generate_data``: fill a workspace with a synthetic app and its marketing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.services.world.making import WorldError, make_world
from mlops.simulation.world.world import Options
from workspaces.models import Workspace


class Command(BaseCommand):
    """Draw, write, and say what was made."""

    help = "Fill a workspace with a synthetic world: ads, users, sessions, days without ads."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, how much, and with what events."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--users", type=int, default=500_000)
        parser.add_argument("--sessions", type=int, default=5_000_000)
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--seed", type=int, default=42)
        parser.add_argument(
            "--scale", type=float, default=1.0, help="share of users and sessions to make"
        )
        parser.add_argument("--events", choices=("golden", "random", "none"), default="golden")
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="DAY",
            help="the last day; else yesterday in the workspace's time zone",
        )  # fmt: skip
        parser.add_argument(
            "--replace", action="store_true", help="take away the world that is there first"
        )

    def handle(self, *args: object, **options: Any) -> None:
        """Make it."""
        now = timezone.now()
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(
                f"There is no workspace {options['workspace']!r}; known: {known or 'none'}."
            )
        until = options["until"] or now.astimezone(workspace.zone).date() - timedelta(days=1)
        try:
            asked = Options(
                starts_on=until - timedelta(days=options["days"] - 1),
                users=round(options["users"] * options["scale"]),
                sessions=round(options["sessions"] * options["scale"]),
                days=options["days"], seed=options["seed"], events=options["events"],
            )  # fmt: skip
            made = make_world(
                workspace=workspace, options=asked, now=now, told=self.stdout.write,
                is_replaced=options["replace"],
            )  # fmt: skip
        except (WorldError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made} from {made.starts_on} on, {made.sessions:,} sessions; those beyond a day's"
            f" first were multiplied by {made.session_factor:.3f} to reach that number."
        )
        for event in made.events:
            self.stdout.write(f"  day {event['day']:>2}, {event['days']:>2} days: {event['kind']}")
