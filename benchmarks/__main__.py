"""``python -m benchmarks``: measure, print a table, and keep it if asked to."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import FIGURES, LOAD_SET, Figure, machine, plain, write_docs
from benchmarks.servers import private_servers, standing_servers


@dataclass(frozen=True)
class Scale:
    """Sizes of one run."""

    executor_base: int
    latency_changes: int
    pending: int
    import_scale: float
    journeys: int
    stored_journeys: int
    openings: int  # of each page
    conversions: int
    webhook_calls: int
    website_calls: int
    website_events: int
    funnel_events: int
    curve_worlds: int
    signal_worlds: int
    world_users: int
    markets: int
    market_days: int  # lived by a policy that learns, in each
    winners: int
    board_campaigns: int  # of each channel, over a year
    units: int  # assigned to variants
    exposures: int  # of a test
    contacts: int  # of a workspace
    recipients: int  # of a campaign
    decisions: int  # about messages, over weeks
    messages: int  # sent by each number of workers
    conversations: int  # of the inbox
    drafts: int  # signed in one click


PARTS = (
    "executor", "latency", "page", "import", "multi_touch", "journeys", "matching", "webhooks",
    "website", "website_page", "funnel", "curves", "signals", "world", "dashboards", "budget",
    "winners", "training", "ml_sync", "experiments", "assignment", "experiment_counting",
    "outreach_decisions", "outreach_plan", "outreach_dispatch", "audiences", "contact_import",
    "due_times", "signing", "inbox",
)  # fmt: skip
SCALES = {
    "tiny": Scale(
        1,
        3,
        320,
        0.02,
        5_000,
        2_000,
        5,
        320,
        5,
        4,
        20_000,
        20_000,
        2,
        1,
        2_000,
        1,
        1_000,
        500,
        2,
        16_000,
        2_000,
        16_000,
        16_000,
        5_000,
        40,
        1_000,
        20,
    ),
    "small": Scale(
        6,
        30,
        20_000,
        0.1,
        200_000,
        50_000,
        40,
        20_000,
        100,
        100,
        200_000,
        1_000_000,
        20,
        24,
        50_000,
        1,
        60_000,
        50_000,
        10,
        1_000_000,
        1_000_000,
        1_000_000,
        1_000_000,
        100_000,
        2_000,
        20_000,
        500,
    ),
    "full": Scale(
        50,
        100,
        1_000_000,
        1.0,
        200_000,
        200_000,
        40,
        1_000_000,
        300,
        400,
        5_000_000,
        5_000_000,
        100,
        60,
        500_000,
        5,
        60_000,
        50_000,
        60,
        1_000_000,
        10_000_000,
        1_000_000,
        1_000_000,
        1_000_000,
        4_000,
        450_000,
        500,
    ),
}


def measure(scale: Scale, state: Path, only: frozenset[str]) -> list[Figure]:
    """Run the benchmarks one after the other; Django must be set up."""
    figures: list[Figure] = []
    for name, part in _parts(scale, state).items():
        if only and name not in only:
            continue
        started = time.monotonic()
        figures += part()
        sys.stderr.write(f"{name} measured in {time.monotonic() - started:.0f} s\n")
    return figures


def _parts(scale: Scale, state: Path) -> dict[str, Callable[[], list[Figure]]]:
    from benchmarks import (
        budget,
        curves,
        dashboards,
        executor,
        funnel,
        import_figures,
        journeys,
        latency,
        matching,
        ml_sync,
        multi_touch,
        queue_page,
        signals,
        synthetic_world,
        training,
        webhook_intake,
        website_intake,
        website_page,
        winners,
    )

    return {
        "executor": lambda: executor.run(scale.executor_base, state),
        "latency": lambda: latency.run(scale.latency_changes, state),
        "page": lambda: queue_page.run(scale.pending, scale.openings),
        "import": lambda: import_figures.run(scale.import_scale),
        "multi_touch": lambda: multi_touch.run(scale.journeys),
        "journeys": lambda: journeys.run(scale.stored_journeys),
        "matching": lambda: matching.run(scale.conversions),
        "webhooks": lambda: webhook_intake.run(scale.webhook_calls),
        "website": lambda: website_intake.run(scale.website_calls, 5 * scale.website_calls),
        "website_page": lambda: website_page.run(scale.website_events, scale.openings),
        "funnel": lambda: funnel.run(scale.funnel_events),
        "curves": lambda: curves.run(scale.curve_worlds),
        "signals": lambda: signals.run(scale.signal_worlds),
        "world": lambda: synthetic_world.run(scale.world_users),
        "dashboards": lambda: dashboards.run(scale.world_users, scale.openings),
        "budget": lambda: budget.run(scale.markets, steps=scale.market_days),
        "winners": lambda: winners.run(scale.winners),
        "training": lambda: training.run(scale.world_users),
        "ml_sync": lambda: ml_sync.run(scale.board_campaigns, scale.openings),
        **_experiment_parts(scale),
        **_outreach_parts(scale, state),
        **_inbox_parts(scale),
    }


def _experiment_parts(scale: Scale) -> dict[str, Callable[[], list[Figure]]]:
    from benchmarks import assignment, experiment_counting, experiments

    return {
        "experiments": experiments.run,
        "assignment": lambda: assignment.run(scale.units, scale.openings),
        "experiment_counting": lambda: experiment_counting.run(scale.exposures, scale.openings),
    }


def _outreach_parts(scale: Scale, state: Path) -> dict[str, Callable[[], list[Figure]]]:
    from benchmarks import (
        audiences,
        contact_import,
        outreach_decisions,
        outreach_dispatch,
        outreach_plan,
    )

    return {
        "outreach_plan": lambda: outreach_plan.run(scale.contacts),
        "audiences": lambda: audiences.run(scale.contacts),
        "outreach_decisions": lambda: outreach_decisions.run(scale.recipients, scale.decisions),
        "contact_import": lambda: contact_import.run(scale.units // 10),
        "outreach_dispatch": lambda: outreach_dispatch.run(scale.messages, state),
    }


def _inbox_parts(scale: Scale) -> dict[str, Callable[[], list[Figure]]]:
    from benchmarks import due_times, inbox_page, signing_drafts

    return {
        "due_times": due_times.run,
        "signing": lambda: signing_drafts.run(scale.drafts),
        "inbox": lambda: inbox_page.run(scale.conversations, scale.openings),
    }


def _scale(options: argparse.Namespace) -> Scale:
    asked = {
        name: given
        for name in ("stored_journeys", "website_events", "funnel_events", "curve_worlds")
        if (given := getattr(options, name))
    }
    return replace(SCALES[options.scale], **asked)


def measure_standing() -> list[Figure]:
    """Measure the pages on the database as it stands."""
    with standing_servers():
        from benchmarks import queue_page

        return queue_page.measure_standing(SCALES["full"].openings)


def main() -> None:
    """Read the options and measure in servers of our own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", choices=sorted(SCALES), default="small")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        choices=PARTS,
    )
    parser.add_argument(
        "--stored-journeys", type=int, help="of the part journeys, where not the scale's"
    )
    parser.add_argument(
        "--website-events", type=int, help="of the part website_page, where not the scale's"
    )
    parser.add_argument(
        "--funnel-events", type=int, help="of the part funnel, where not the scale's"
    )
    parser.add_argument(
        "--curve-worlds", type=int, help="of the part curves, where not the scale's"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--write-docs", action="store_true", help="renew docs/performance.md")
    parser.add_argument(
        "--standing",
        action="store_true",
        help="measure the pages on the load set that manage.py loadset made, and nothing else",
    )
    options = parser.parse_args()
    where, day = machine(), datetime.now(UTC).date().isoformat()
    if options.standing:
        command, marks, figures = "--standing", LOAD_SET, measure_standing()
    else:
        command, marks = f"--scale {options.scale}", FIGURES
        with private_servers() as state:
            figures = measure(_scale(options), state, frozenset(options.only))
    print(f"{where}\n\n{plain(figures)}")
    if options.json:
        told = {"machine": where, "day": day, "figures": [f.as_json() for f in figures]}
        options.json.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    if options.write_docs:
        command = f"python -m benchmarks {command} --write-docs"
        write_docs(figures, command=command, where=where, day=day, marks=marks)


if __name__ == "__main__":
    main()
