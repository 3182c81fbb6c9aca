"""What the page of practices shows: the list, how well the practices hold, what to test next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, ExpressionWrapper, F, FloatField, Q, QuerySet

from experiments.engine.practices.drafts import Done, Practice, Profile, learn
from experiments.engine.practices.evidence import USUAL_SPREAD
from experiments.engine.practices.traits import in_words
from experiments.models import BestPractice, PracticeEvidence, PracticeSource, PracticeState
from experiments.piece_sources import sent_pieces
from workspaces.models import Workspace

PAGE_ROWS: Final = 50
_NEW: Final = timedelta(days=7)
_CLEAR: Final = 1.959963984540054**2
#: Tab of the page → states in it.
TABS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "works": ("What works", (PracticeState.VALIDATED, PracticeState.SUPPORTED)),
    "test": ("To be tested", (PracticeState.HYPOTHESIS, PracticeState.TO_TEST,
                              PracticeState.REVIEW)),
    "gone": ("Given up", (PracticeState.REJECTED, PracticeState.DEPRECATED)),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How many practices there are by tab, and how well they do.

    A share is ``None`` where there is nothing to divide by.
    """

    counts: Mapping[str, int]
    a_week: int
    validated: float | None
    right: float | None
    clear_tests: int
    adopted: float | None

    @property
    def judged_by(self) -> str:
        """What the share that was foretold right rests on."""
        return f"{self.clear_tests:,} clear results" if self.clear_tests else ""


def practices_of(workspace: Workspace, asked: Mapping[str, str]) -> QuerySet[BestPractice]:
    """Practices by filters of a page or of the API: tab, state, channel, category, source, q."""
    rows = BestPractice.objects.filter(workspace=workspace)
    if tab := TABS.get(asked.get("tab", "")):
        rows = rows.filter(state__in=tab[1])
    for name in ("state", "channel", "category", "source"):
        if value := asked.get(name, ""):
            rows = rows.filter(**{name: value})
    if words := asked.get("q", "").strip():
        rows = rows.filter(Q(title__icontains=words) | Q(recommendation__icontains=words))
    return rows.order_by("-confidence", "title", "pk")


def page_of(rows: QuerySet[BestPractice], number: str) -> Page[BestPractice]:
    """One page of them."""
    return Paginator(rows, PAGE_ROWS).get_page(number)


def standing_of(workspace: Workspace, now: datetime) -> Standing:
    """Patterns of the last week, share proven, share foretold right, share taken up.

    Right are those of tests with a clear result (95 %) whose direction the practice had said.
    """
    states = BestPractice.objects.filter(workspace=workspace).aggregate(
        fresh=Count("pk", filter=Q(source=PracticeSource.AB_TEST, first_seen_at__gte=now - _NEW)),
        tested=Count("pk", filter=Q(validation_count__gt=0)),
        proven=Count("pk", filter=Q(state=PracticeState.VALIDATED)),
        used=Count("pk", filter=Q(state=PracticeState.VALIDATED, times_applied__gt=0)),
        **{tab: Count("pk", filter=Q(state__in=held)) for tab, (_, held) in TABS.items()},
    )
    square = ExpressionWrapper(
        F("log_effect") * F("log_effect") / F("variance"), output_field=FloatField()
    )
    tests = (
        PracticeEvidence.objects.filter(workspace=workspace, predicted__isnull=False)
        .annotate(square=square)
        .filter(square__gt=_CLEAR)
        .aggregate(
            clear=Count("pk"),
            right=Count("pk", filter=Q(log_effect__gt=0, predicted__gt=0)
                        | Q(log_effect__lt=0, predicted__lt=0)),
        )
    )  # fmt: skip
    return Standing(
        counts={tab: states[tab] for tab in TABS},
        a_week=states["fresh"],
        validated=_share(states["proven"], states["tested"]),
        right=_share(tests["right"], tests["clear"]),
        clear_tests=tests["clear"],
        adopted=_share(states["used"], states["proven"]),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Suggestion:
    """A practice that is worth a test, with what may be expected of it."""

    practice: BestPractice
    expected: float
    low: float
    high: float


def suggestions(workspace: Workspace, most: int = 3) -> list[Suggestion]:
    """What to test next: where most is to be gained if it is true, the surest first.

    Nothing is known of a hypothesis but how far true effects usually lie: ±20 % in 95 of 100.
    """
    rows = BestPractice.objects.filter(workspace=workspace, state__in=TABS["test"][1])
    found = [_suggestion(row) for row in rows]
    return sorted(found, key=lambda one: (-one.high, -one.expected, one.practice.title))[:most]


def _suggestion(row: BestPractice) -> Suggestion:
    if row.effect is None or row.effect_low is None or row.effect_high is None:
        return Suggestion(row, 0.0, -2 * USUAL_SPREAD, 2 * USUAL_SPREAD)
    return Suggestion(row, row.effect, row.effect_low, row.effect_high)


def rule_in_words(practice: BestPractice) -> str:
    """What a piece has to be like to keep it."""
    return in_words(practice.rule) if practice.rule else "no rule that can be measured"


def profile_of(workspace: Workspace, channel: str, now: datetime) -> Profile | None:
    """What the best on a channel have in common, of any channel where it is not named."""
    sent = [one for one in sent_pieces(workspace, now) if channel in ("", one.channel)]
    return learn([Done(one.piece, one.rate) for one in sent])


def practices_for(workspace: Workspace, channel: str) -> list[Practice]:
    """Proven practices that hold on a channel."""
    rows = BestPractice.objects.filter(
        workspace=workspace, state=PracticeState.VALIDATED, channel__in={"", channel}
    ).order_by("pk")
    return [
        Practice(row.key, row.title, row.recommendation, row.rule, row.effect or 0.0)
        for row in rows
    ]


def history_of(practice: BestPractice) -> dict[str, QuerySet[Any, Any]]:
    """Its versions, the tests that speak of it, and where it was taken up; the newest first."""
    evidence = practice.practiceevidences.select_related("test").order_by("-at", "-pk")
    return {
        "versions": practice.practiceversions.order_by("-version")[:20],
        "evidence": evidence[:50],
        "uses": practice.practiceuses.order_by("-at", "-pk")[:20],
    }
