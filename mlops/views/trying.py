"""Trying a model out: a real row of the workspace, to be changed, and what the model says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops.engine.learning import forecast
from mlops.engine.learning.feature_rows import FeatureRow, Value
from mlops.engine.learning.forecast.model import shaped
from mlops.engine.learning.forecast.windows import AHEAD_DAYS
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import FloatArray, Reasons
from mlops.models import ModelPrediction, ModelVersion, PredictionDoor
from mlops.selectors.canary import is_canary
from mlops.selectors.registry import champion_of, label_of
from mlops.services.predicting import checked_rows
from mlops.services.subjects import (
    SOURCES,
    Choice,
    Example,
    choices_of,
    example_of,
    rows_of_subjects,
)
from mlops.tasks import Answer, Question, ask
from workspaces.formats import MINUS, figure, rounded
from workspaces.gate import GateError, RequestError
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_PREFIX = "f-"
#: Of results, their cost and ROAS.
_DIGITS = (0, 2, 2)
_FEW = 40  # features that a form shows at once


@dataclass(frozen=True)
class Field:
    """One feature in the form."""

    name: str
    label: str
    value: str
    levels: tuple[str, ...] | None  # None: a number

    @property
    def input_name(self) -> str:
        """Name of its input; no feature is called like another field of the form."""
        return f"{_PREFIX}{self.name}"


@dataclass(frozen=True)
class Bar:
    """What a feature added, as wide as it counts beside the largest."""

    label: str
    effect: float
    pct: float

    @property
    def shown(self) -> str:
        """The effect with its sign, as exact as it is read."""
        text = rounded(abs(self.effect), 3)
        return f"{MINUS if self.effect < 0 else '+'}{text}"


@dataclass(frozen=True)
class Day:
    """One day of a forecast: of each target the middle, and between what it is expected."""

    number: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Said:
    """What the model says, as the page shows it."""

    answer: Answer
    unit: str
    bars: tuple[Bar, ...]
    days: tuple[Day, ...] = ()

    @property
    def figures(self) -> list[float]:
        """What the model gives for the row."""
        return self.answer.told[0].output


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.VIEWER)
def try_out(request: PageRequest, public_id: UUID) -> HttpResponse:
    """A form of what the version reads; sent, it answers where it serves or is a canary."""
    rows = ModelVersion.objects.filter(workspace=request.workspace)
    version = get_object_or_404(rows, public_id=public_id)
    if version.name in KINDS and KINDS[version.name].asked_at:
        raise Http404("It is asked where its texts are.")
    champion = champion_of(workspace=request.workspace, name=version.name)
    context = {
        "title": f"{label_of(version.name)}: version {version.version}",
        "version": version,
        "champion": champion,
        "serves": champion is not None and (champion.pk == version.pk or is_canary(version)),
        "noun": SOURCES[version.name].noun if version.name in SOURCES else "",
    }
    template, status = "mlops/try.html", 200
    if request.method == "POST":
        template = "mlops/try.html#said" if request.htmx else template
        try:
            row = _row(request, version)
            context["example"] = Example(request.POST.get("subject", ""), row)
            context["said"] = _ask(request, version, row)
        except (GateError, RefusedError) as error:
            # htmx swaps refusals; that no worker answered is one here.
            status = min(error.status, 409)
            context |= {"error": _words(error), "given": request.POST}
    context |= _form(request, version, context)
    return show(request, template, context, status=status)


def _form(
    request: PageRequest, version: ModelVersion, context: dict[str, object]
) -> dict[str, object]:
    """Fields with values: those that were sent, of whom was named, or of a real row."""
    found: dict[str, object] = {}
    example = context.get("example")
    if not isinstance(example, Example):
        try:
            example = _example(request, version)
        except RequestError as error:
            found["error"], example = _words(error), None
    given = request.POST if request.method == "POST" else {}
    fields = [_field(name, version, example, given) for name in version.features]
    return found | {
        "example": example,
        "choices": _choices(request, version, example),
        "fields": fields[:_FEW],
        "more": fields[_FEW:],
    }


def _choices(request: PageRequest, version: ModelVersion, example: Example | None) -> list[Choice]:
    """Whom the form offers; the one that fills it in is among them."""
    found = choices_of(workspace=request.workspace, name=version.name, now=timezone.now())
    shown = example.subject if example else ""
    if found and shown and all(choice.id != shown for choice in found):
        found.append(Choice(shown, shown))
    return found


def _example(request: PageRequest, version: ModelVersion) -> Example | None:
    now, subject = timezone.now(), request.GET.get("subject", "").strip()
    source = SOURCES.get(version.name)
    if subject and source:
        rows = rows_of_subjects(
            workspace=request.workspace, name=version.name, field=source.field, ids=[subject],
            now=now,
        )  # fmt: skip
        return Example(subject, rows[0])
    if real := example_of(workspace=request.workspace, name=version.name, now=now):
        return real
    last = version.predictions.order_by("-created_at", "-pk").first()
    return _of_prediction(last) if last else None


def _of_prediction(row: ModelPrediction) -> Example:
    return Example(row.subject, row.features)


def _field(
    name: str, version: ModelVersion, example: Example | None, given: dict[str, str]
) -> Field:
    value: Value = example.row.get(name) if example else None
    levels = version.levels.get(name)
    return Field(
        name=name,
        label=name.replace("_", " ").capitalize(),
        value=given.get(f"{_PREFIX}{name}", _shown(value)),
        levels=None if levels is None else tuple(levels),
    )


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return rounded(value)
    return "" if value is None else str(value)


def _row(request: PageRequest, version: ModelVersion) -> FeatureRow:
    row = {
        name: _value(request.POST.get(f"{_PREFIX}{name}", ""), version.levels.get(name, ()))
        for name in version.features
    }
    return checked_rows(version, [row])[0]


def _value(text: str, levels: Sequence[str] | None) -> Value:
    """A number where the model reads one, or where nothing is known of it and it is one."""
    stripped = text.strip()
    if levels:
        return text
    if not stripped:
        return None
    try:
        return float(stripped)
    except ValueError:
        return text


def _ask(request: PageRequest, version: ModelVersion, row: FeatureRow) -> Said:
    # This version alone: where a canary runs, two of them answer.
    question = Question(version.name, rows=[dict(row)], only=str(version.public_id))
    answer = ask(request.workspace, question, door=PredictionDoor.PAGE)
    unit = KINDS[version.name].unit_in(request.workspace.currency)
    told = answer.told[0]
    return Said(answer, unit, _bars(told.reasons), _days(version.name, told.output))


def _days(name: str, output: list[float]) -> tuple[Day, ...]:
    """Figures of a forecast by day, as `OUTPUTS` orders them by target, day and quantile."""
    if name != forecast.KIND:
        return ()
    told = shaped(np.array([output]))[0]
    return tuple(
        Day(
            number + 1,
            tuple(_cell(told[target, number], digits) for target, digits in enumerate(_DIGITS)),
        )
        for number in range(AHEAD_DAYS)
    )


def _cell(quantiles: FloatArray, digits: int) -> tuple[str, str]:
    low, middle, high = quantiles.tolist()
    return figure(middle, digits), f"{figure(low, digits)}–{figure(high, digits)}"


def _bars(reasons: Reasons) -> tuple[Bar, ...]:
    largest = max((abs(effect) for _, effect in reasons), default=0.0) or 1.0
    return tuple(
        Bar(name.replace("_", " ").capitalize(), effect, 100 * abs(effect) / largest)
        for name, effect in reasons
        if effect
    )


def _words(error: GateError | RefusedError) -> str:
    field = getattr(error, "field", "")
    name = field.rpartition(".")[2].replace("_", " ").capitalize() if "." in field else ""
    return f"{name}: {error}" if name else str(error)
