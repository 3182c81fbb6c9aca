"""Best practices: what works here, what to test next, and drafts held against both."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from campaigns.selectors.channels import channels_of
from experiments.engine.practices.drafts import GOOD_SUBJECT, check, subject_score
from experiments.engine.practices.known import Known
from experiments.engine.practices.traits import MEASURES, Piece
from experiments.models import BestPractice, PracticeCategory
from experiments.selectors.practice_board import (
    TABS,
    history_of,
    page_of,
    practices_for,
    practices_of,
    profile_of,
    rule_in_words,
    standing_of,
    suggestions,
)
from experiments.services.practices.keeping import (
    PracticeError,
    deprecate_practice,
    restore_practice,
)
from experiments.services.practices.refreshing import PRACTICES_JOB, add_hypothesis
from experiments.services.practices.testing import draft_test_of
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.selectors import open_run
from workspaces.starting import start_by

_LIST: Final = "experiments/practices/list.html"
_CHECK: Final = "experiments/practices/check.html"
_LONGEST: Final = 5_000


@require_safe
@page(Role.VIEWER)
def practices(request: PageRequest) -> HttpResponse:
    """Practices by state, how well they hold, and what to test next."""
    workspace = request.workspace
    standing = standing_of(workspace, timezone.now())
    counts = standing.counts
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = next((name for name in TABS if counts[name]), "works")
    rows = page_of(practices_of(workspace, {**request.GET.dict(), "tab": tab}),
                   request.GET.get("page", ""))  # fmt: skip
    context = {
        "title": "Best practices",
        "tab": tab,
        "tabs": [(key, label, counts[key]) for key, (label, _) in TABS.items()],
        "has_any": any(counts.values()),
        "rows": rows,
        "channels": channels_of(workspace),
        "categories": PracticeCategory.choices,
        "standing": standing,
        "suggestions": suggestions(workspace),
        "may_write": has_role(request, Role.OPERATOR),
        "run": open_run(workspace, PRACTICES_JOB),
    }
    return show(request, _LIST, context)


@require_safe
@page(Role.VIEWER)
def practice(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One practice: what it says, how that came about, the tests that speak of it."""
    row = _practice(request, public_id)
    context = {
        "title": row.title,
        "row": row,
        "rule": rule_in_words(row),
        "channels": channels_of(request.workspace),
        "may_write": has_role(request, Role.OPERATOR),
        **history_of(row),
    }
    return show(request, "experiments/practices/practice.html", context)


def _practice(request: PageRequest, public_id: UUID) -> BestPractice:
    row = BestPractice.objects.filter(workspace=request.workspace, public_id=public_id).first()
    if row is None:
        raise Http404("There is no such practice.")
    return row


@require_POST
@page(Role.OPERATOR)
def refresh(request: PageRequest) -> HttpResponse:
    """Ask for a round of the job now."""
    start_by(
        request, PRACTICES_JOB,
        told="Looking at finished tests. Reload the page in a moment.",
    )  # fmt: skip
    return redirect("practices")


@require_POST
@page(Role.OPERATOR)
def draft(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Make a draft of a test of a practice; its steps ask for the rest."""
    row = _practice(request, public_id)
    try:
        test = draft_test_of(practice=row, by=Proposer.person(request.user), now=timezone.now())
    except GateError as error:
        messages.error(request, str(error))
        return redirect("practice", public_id)
    messages.success(request, f"“{test.name}” is a draft. Say where it runs and what differs.")
    return redirect("experiment-edit", test.public_id, "audience")


@require_POST
@page(Role.OPERATOR)
def give_up(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Deprecate a practice, with a reason."""
    row = _practice(request, public_id)
    try:
        deprecate_practice(
            practice=row, reason=request.POST.get("reason", ""), by=request.user,
            now=timezone.now(),
        )  # fmt: skip
        messages.success(request, f"“{row.title}” is given up.")
    except PracticeError as error:
        messages.error(request, str(error))
    return redirect("practice", public_id)


@require_POST
@page(Role.OPERATOR)
def restore(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Take a given-up practice back."""
    row = _practice(request, public_id)
    try:
        restore_practice(practice=row, by=request.user, now=timezone.now())
        messages.success(request, f"“{row.title}” is a hypothesis again.")
    except PracticeError as error:
        messages.error(request, str(error))
    return redirect("practice", public_id)


@page(Role.OPERATOR)
def add(request: PageRequest) -> HttpResponse:
    """Write down what others recommend; own data judges it at once."""
    context: dict[str, Any] = {
        "title": "Add a hypothesis", "channels": channels_of(request.workspace),
        "categories": PracticeCategory.choices, "given": request.POST,
        "measures": [(name, one.label) for name, one in MEASURES.items()],
    }  # fmt: skip
    if request.method != "POST":
        return show(request, "experiments/practices/add.html", context)
    try:
        row = add_hypothesis(
            workspace=request.workspace, known=_known(request.POST),
            source_label=request.POST.get("source_label", "").strip()[:300],
            by_label=str(request.user), now=timezone.now(),
        )  # fmt: skip
    except PracticeError as error:
        context |= {"error": str(error), "error_field": error.field}
        return show(request, "experiments/practices/add.html", context, status=400)
    messages.success(request, f"“{row.title}”: {row.why}")
    return redirect("practice", row.public_id)


def _known(given: QueryDict) -> Known:
    """What the form says, checked field by field."""
    title = given.get("title", "").strip()
    recommendation = given.get("recommendation", "").strip()
    if not 3 <= len(title) <= 120:
        raise PracticeError("title", "Give it a title of 3 to 120 characters.")
    if not 3 <= len(recommendation) <= 500:
        raise PracticeError("recommendation", "Say in 3 to 500 characters what to do.")
    if given.get("category") not in PracticeCategory.values:
        raise PracticeError("category", "Choose what it is about.")
    measure = given.get("measure", "")
    low, high = _end(given, "low"), _end(given, "high")
    key = slugify(title)[:40].strip("-_")
    if not key:
        raise PracticeError("title", "Use at least one letter or digit in the title.")
    return Known(
        key=key, category=given.get("category", ""), practice_type=measure or "other", title=title,
        recommendation=recommendation, channel=given.get("channel", "")[:40],
        rule={measure: ((low, high),)},
    )  # fmt: skip


def _end(given: QueryDict, name: str) -> float | None:
    text = given.get(name, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise PracticeError(name, f"{text!r} is no number.") from None


@require_safe
@page(Role.VIEWER)
def check_draft(request: PageRequest) -> HttpResponse:
    """Hold a draft against what did best and what is proven."""
    given = request.GET
    draft = Piece(
        headline=given.get("headline", "").strip()[:300],
        body=given.get("body", "").strip()[:_LONGEST],
        call_to_action=given.get("call_to_action", "").strip()[:60],
        hour=_within(given.get("hour", ""), 23),
        weekday=_within(given.get("weekday", ""), 6),
    )
    context: dict[str, Any] = {
        "title": "Check a draft", "given": given, "channels": channels_of(request.workspace),
        "hours": range(24), "weekdays": list(enumerate(_WEEKDAYS)),
    }  # fmt: skip
    if draft.headline or draft.body:
        context |= _checked(request, draft, given.get("channel", ""))
    if request.htmx:
        return show(request, f"{_CHECK}#findings", context)
    return show(request, _CHECK, context)


_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _within(text: str, most: int) -> int | None:
    return int(text) if text.isdecimal() and int(text) <= most else None


def _checked(request: PageRequest, draft: Piece, channel: str) -> dict[str, Any]:
    profile = profile_of(request.workspace, channel, timezone.now())
    found = check(draft, profile=profile, practices=practices_for(request.workspace, channel))
    score = subject_score(profile, draft.headline) if profile and draft.headline else None
    return {"is_checked": True, "findings": found, "score": score, "profile": profile,
            "good": GOOD_SUBJECT}  # fmt: skip
