"""What a workspace begins with: the rules of testing, and metrics to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from attribution.engine.web_events import DEFAULT_CONVERSIONS
from attribution.models import Site
from experiments.models import Amount, ExperimentPolicy, Goal, Metric, MetricKind, MetricSource
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

# As keys of metrics are written.
_KEY: Final = r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?"
_EVENT: Final = {"kind": MetricKind.BINOMIAL, "source": MetricSource.WEBSITE_EVENT}
_MONEY: Final = {"kind": MetricKind.MEAN, "amount": Amount.VALUE}
# Beside one for each event that counts as a conversion on a site.
_LIBRARY: Final[Mapping[str, Mapping[str, Any]]] = {
    "revenue": {
        "name": "Revenue per visitor", "source": MetricSource.WEBSITE_EVENT, "event": "purchase",
        **_MONEY,
    },
    "order-value": {
        "name": "Value of an order", "kind": MetricKind.RATIO, "amount": Amount.VALUE,
        "source": MetricSource.WEBSITE_EVENT, "event": "purchase", "per_event": "purchase",
    },
    "time-to-purchase": {
        "name": "Hours to purchase", "kind": MetricKind.TIME_TO_EVENT, "goal": Goal.DECREASE,
        "source": MetricSource.WEBSITE_EVENT, "event": "purchase",
    },
    "page-views": {
        "name": "Page views per visitor", "kind": MetricKind.MEAN, "event": "page_view",
        "source": MetricSource.WEBSITE_EVENT,
    },
    "any-conversion": {
        "name": "Any conversion", "kind": MetricKind.BINOMIAL, "source": MetricSource.CONVERSION,
    },
    "conversion-value": {
        "name": "Value of conversions per unit", "source": MetricSource.CONVERSION, **_MONEY,
    },
    "ad-clicks": {
        "name": "Click rate of ads", "kind": MetricKind.BINOMIAL, "event": "click",
        "source": MetricSource.AD_PERFORMANCE,
    },
}  # fmt: skip
METRIC_FIELDS: Final = ("key", "name", "kind", "source", "event", "amount", "per_event",
                        "per_amount", "window_h", "cap", "goal", "covariate_days")  # fmt: skip


def seed_new(workspace: Workspace, _by: User, _now: datetime) -> None:
    """Give a workspace that is being made its rules and metrics."""
    ExperimentPolicy.objects.get_or_create(workspace=workspace)
    seed_library(workspace=workspace)


def seed_library(*, workspace: Workspace) -> None:
    """Add the metrics that are missing; those that are there stay as they are."""
    known = set(Metric.objects.filter(workspace=workspace).values_list("key", flat=True))
    missing = [
        Metric(workspace=workspace, key=key, **values)
        for key, values in _usual(workspace)
        if key not in known
    ]
    if missing:
        Metric.objects.bulk_create(missing, ignore_conflicts=True)


def _usual(workspace: Workspace) -> Iterator[tuple[str, Mapping[str, Any]]]:
    own = Site.objects.filter(workspace=workspace).values_list("conversion_events", flat=True)
    for event in dict.fromkeys([*DEFAULT_CONVERSIONS, *(name for names in own for name in names)]):
        if re.fullmatch(_KEY, event):
            words = event.replace("_", " ").replace("-", " ").capitalize()
            yield event, {"name": words, "event": event, **_EVENT}
    yield from _LIBRARY.items()


@transaction.atomic
def define_metric(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> Metric:
    """Add a metric of one's own.

    Raises
    ------
    ValidationError : names the fields that are wrong
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="Defining a metric")
    given = {name: values[name] for name in METRIC_FIELDS if name in values}
    metric = Metric(workspace=workspace, **given)
    metric.full_clean()
    metric.save()
    return metric
