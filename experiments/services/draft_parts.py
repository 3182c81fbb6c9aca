"""Parts of a draft, read from plain values: targeting, variants, metrics and place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from attribution.models import Site
from campaigns.models import Ad
from experiments.engine.changes import ChangeError, look_of
from experiments.engine.targeting import TargetingError, targeting_of
from experiments.models import (
    WHOLE,
    ABTest,
    ABTestMetric,
    ABTestVariant,
    Layer,
    Metric,
    MetricRole,
    Surface,
    WebsiteABTest,
)
from workspaces.models import Workspace

MOST_VARIANTS: Final = 10
MOST_METRICS: Final = 20
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@contextmanager
def _under(field: str) -> Iterator[None]:
    """Let the fields of a refusal be named from where they stand."""
    try:
        yield
    except ValidationError as error:
        named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        raise ValidationError(
            {
                field if name in ("", "__all__") else f"{field}.{name}": messages
                for name, messages in named.items()
            }
        ) from error


def read_targeting(given: Any) -> dict[str, Any]:
    """Who may take part: devices, countries, customer types, parameters of the address.

    Raises
    ------
    ValidationError : names the part that is wrong
    """
    if not isinstance(given, Mapping):
        raise ValidationError({"targeting": "Name what units must be like, or leave it empty."})
    try:
        targeting_of(given)
    except TargetingError as error:
        raise ValidationError({f"targeting.{error.field}": error.message}) from error
    return {name: value for name, value in given.items() if value}


def layer_named(workspace: Workspace, name: Any) -> Layer | None:
    """A layer by its name, made where there is none; ``None`` for none."""
    if not name:
        return None
    if not isinstance(name, str) or len(name) > 80:
        raise ValidationError({"layer": "Name the layer in at most 80 characters."})
    return Layer.objects.get_or_create(workspace=workspace, name=name)[0]


def put_variants(test: ABTest, given: Any) -> None:
    """Give a draft its arms, the control first.

    Raises
    ------
    ValidationError : names the variant and the field that are wrong
    """
    rows = _rows("variants", given, most=MOST_VARIANTS)
    weights = _weights(rows)
    test.variants.all().delete()
    keys: set[str] = set()
    for place, (row, weight) in enumerate(zip(rows, weights, strict=True)):
        with _under(f"variants.{place}"):
            variant = _variant(test, row, place, weight)
            if variant.key in keys:
                raise ValidationError({"key": "Another variant has this key."})
            keys.add(variant.key)
            variant.full_clean(exclude=["workspace", "test"], validate_constraints=False)
            variant.save()


def _variant(test: ABTest, row: Mapping[str, Any], place: int, weight: int) -> ABTestVariant:
    name = row.get("name") or row.get("key") or ""
    config = row.get("config") or {}
    if not isinstance(config, dict):
        raise ValidationError({"config": "This is an object."})
    if test.surface == Surface.WEBSITE:
        try:
            look_of(config, selector=_selector_of(test))
        except ChangeError as error:
            field = f"config.{error.field}" if error.field else "config"
            raise ValidationError({field: error.message}) from error
    key = row.get("key") or ("control" if place == 0 else slugify(str(name))[:40].strip("-_"))
    return ABTestVariant(
        workspace=test.workspace, test=test, key=key, name=name, position=place, weight=weight,
        is_control=place == 0, config=config, ad=_ad(test, row.get("ad")),
    )  # fmt: skip


def _selector_of(test: ABTest) -> str:
    place = WebsiteABTest.objects.filter(test=test).first()
    return place.selector if place else ""


def _ad(test: ABTest, given: Any) -> Ad | None:
    if not given:
        return None
    ads = Ad.objects.filter(workspace=test.workspace)
    found = ads.filter(public_id=given).first() if _UUID.fullmatch(str(given)) else None
    if found is None or test.surface != Surface.AD:
        raise ValidationError({"ad": "There is no such ad, or this is no test of ads."})
    return found


def _weights(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Shares as given, or an even split whose rest goes to the first."""
    given = [row.get("weight") for row in rows]
    if all(weight is None for weight in given):
        each = WHOLE // len(rows)
        return [WHOLE - each * (len(rows) - 1), *[each] * (len(rows) - 1)]
    for place, weight in enumerate(given):
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= WHOLE:
            raise ValidationError({f"variants.{place}.weight": f"Give 0 to {WHOLE}: 5000 is 50 %."})
    weights = [int(weight or 0) for weight in given]
    if sum(weights) != WHOLE:
        raise ValidationError(
            {"variants": f"The shares are {sum(weights)} in all; make them {WHOLE}."}
        )
    return weights


def put_metrics(test: ABTest, given: Any) -> None:
    """Give a draft its metrics with their parts.

    Raises
    ------
    ValidationError : names the metric and the field that are wrong
    """
    rows = _rows("metrics", given, most=MOST_METRICS)
    known = {
        metric.key: metric
        for metric in Metric.objects.filter(workspace=test.workspace, archived_at=None)
    }
    parts: list[ABTestMetric] = []
    for place, row in enumerate(rows):
        with _under(f"metrics.{place}"):
            parts.append(_part(test, row, place, known))
    if len({part.metric.key for part in parts}) < len(parts):
        raise ValidationError({"metrics": "A metric stands there twice."})
    if sum(part.role == MetricRole.PRIMARY for part in parts) > 1:
        raise ValidationError({"metrics": "One metric decides. Make the others secondary."})
    test.metrics.all().delete()
    ABTestMetric.objects.bulk_create(parts)


def _part(
    test: ABTest, row: Mapping[str, Any], place: int, known: Mapping[str, Metric]
) -> ABTestMetric:
    metric = known.get(str(row.get("metric")))
    if metric is None:
        raise ValidationError({"metric": f"There is no metric {row.get('metric')!r}."})
    values = {"harm_bp": row["harm_bp"]} if row.get("harm_bp") is not None else {}
    part = ABTestMetric(
        workspace=test.workspace, test=test, metric=metric, position=place,
        role=row.get("role") or MetricRole.SECONDARY, **values,
    )  # fmt: skip
    part.full_clean(exclude=["workspace", "test", "metric"], validate_constraints=False)
    return part


def put_place(test: ABTest, given: Any) -> None:
    """Say where on a website a draft lives; ``None`` takes it away.

    Raises
    ------
    ValidationError : names the field that is wrong
    """
    if given is None:
        WebsiteABTest.objects.filter(test=test).delete()
        return
    if not isinstance(given, Mapping):
        raise ValidationError({"website": "Name site, page_pattern and selector."})
    sites = Site.objects.filter(workspace=test.workspace, is_active=True)
    named = str(given.get("site", ""))
    site = sites.filter(public_id=named).first() if _UUID.fullmatch(named) else None
    if site is None:
        raise ValidationError({"website.site": "There is no such website."})
    pattern = given.get("page_pattern", "*")
    if not isinstance(pattern, str) or not pattern.startswith(("/", "*")):
        raise ValidationError(
            {"website.page_pattern": "Write a path; * stands for anything: /product/*."}
        )
    place = WebsiteABTest.objects.filter(test=test).first() or WebsiteABTest(test=test)
    place.workspace, place.site, place.page_pattern = test.workspace, site, pattern
    place.selector = given.get("selector") or ""
    with _under("website"):
        place.full_clean(exclude=["workspace", "test", "site"], validate_constraints=False)
    place.save()


def _rows(field: str, given: Any, *, most: int) -> list[Mapping[str, Any]]:
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= most:
        raise ValidationError({field: f"Give 1 to {most} of them."})
    if not all(isinstance(row, Mapping) for row in given):
        raise ValidationError({field: "Each of them is an object."})
    return list(given)
