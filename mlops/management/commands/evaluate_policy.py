"""``manage.py evaluate_policy``: what another policy of the sampler would have earned."""

from __future__ import annotations

from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.engine.off_policy import Estimate
from mlops.engine.plain_splits import Rule
from mlops.services.policy_asking import DAYS
from mlops.services.policy_evaluation import (
    NotEvaluableError,
    OtherPolicy,
    evaluate_policy,
)
from workspaces.models import Workspace


class Command(BaseCommand):
    """Replay the ledger, and print the estimates."""

    help = "Estimate what another policy of the sampler would have earned on its ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and which policy."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--mode", choices=("pipeline", "direct"), help="else the workspace's")
        parser.add_argument(
            "--rule", choices=get_args(Rule), help="a plain split instead of the sampler"
        )
        parser.add_argument("--days", type=int, default=DAYS, help="how far back")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=NUMBER",
            help="a value of the policy, e.g. max_budget_change=0.3",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        """Say it in a table."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        try:
            told = evaluate_policy(
                workspace=workspace, now=timezone.now(), days=options["days"],
                other=OtherPolicy(
                    mode=options["mode"], rule=options["rule"],
                    options=dict(map(_number, options["set"])),
                ),
            )  # fmt: skip
        except (NotEvaluableError, ValueError) as error:
            raise CommandError(str(error)) from error
        found = told.found
        self.stdout.write(
            f"{found.rounds} rounds of {told.allocations} since {told.since:%d %b %Y}, worth"
            f" {found.effective_rounds:.0f}; {told.decided_otherwise} of {told.decisions} decisions"
            f" and {100 * told.money_moved:.0f} % of the money would have been others."
        )
        for name, estimate in (
            ("as it was", found.logged),
            ("inverse propensities", found.ips),
            ("self-normalised", found.snips),
            ("doubly robust", found.doubly_robust),
            ("gain (doubly robust)", found.gain),
        ):
            self.stdout.write(f"{name:<22}{_text(estimate)}")
        self.stdout.write("Value per unit of money, with 95 % intervals.")


def _number(pair: str) -> tuple[str, float]:
    name, _, text = pair.partition("=")
    try:
        return name, float(text)
    except ValueError as error:
        raise CommandError(f"--set takes NAME=NUMBER, not {pair!r}.") from error


def _text(estimate: Estimate) -> str:
    return f"{estimate.value:>9.3f}   {estimate.low:.3f} to {estimate.high:.3f}"
