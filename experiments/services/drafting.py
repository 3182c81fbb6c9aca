"""Drafts of tests: made, edited, copied and put away from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from experiments.models import ABTest, ABTestStatus, Surface
from experiments.selectors.proposals import open_proposal_of
from experiments.selectors.rules import policy_of
from experiments.services.draft_parts import (
    layer_named,
    put_metrics,
    put_place,
    put_variants,
    read_targeting,
)
from experiments.services.library import seed_library
from experiments.surfaces import open_surfaces
from workspaces.gate import Proposer, StateError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

TOPIC: Final = "experiments"  # live counter of the pages
#: Columns that a draft takes as they come.
FIELDS: Final = ("name", "hypothesis", "type", "surface", "channel", "traffic", "mode", "method",
                 "alpha_bp", "power_bp", "minimum_effect_bp", "planned_units", "min_days",
                 "max_days", "holdback", "planned_for", "layer_from", "layer_to")  # fmt: skip
_OF_POLICY: Final = ("method", "alpha_bp", "power_bp", "minimum_effect_bp", "min_days", "max_days",
                     "holdback")  # fmt: skip
_KEY_LENGTH: Final = 40


@transaction.atomic
def create_draft(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ABTest:
    """Make a draft; what is not said is what the workspace usually does.

    ``values`` holds columns of the test (`FIELDS`, shares in ten-thousandths), ``key``,
    ``targeting``, ``layer`` (a name), ``website`` (site, page_pattern, selector), ``variants`` (the
    control first; an even split unless weights are given) and ``metrics`` (key and role).

    Raises
    ------
    ValidationError : names every field that is wrong
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="Making a test")
    seed_library(workspace=workspace)
    policy = policy_of(workspace)
    test = ABTest(
        workspace=workspace,
        created_by_label=by.label[:150],
        **{name: getattr(policy, name) for name in _OF_POLICY},
    )
    test.key = values.get("key") or _free_key(workspace, str(values.get("name", "")))
    plain = {"variants": [{"name": "Control"}, {"name": "Variant B"}], **values}
    _save(test, plain)
    return test


@transaction.atomic
def edit_draft(*, test: ABTest, values: Mapping[str, Any], by: Proposer, now: datetime) -> ABTest:
    """Change what is given of a draft; the rest stays.

    Raises
    ------
    ValidationError : names every field that is wrong
    StateError : it has started, or waits for a signature
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=test.workspace, now=now, what="Editing a test")
    locked = lock_test(test)
    require_draft(locked)
    if values.get("key"):
        locked.key = values["key"]
    _save(locked, values)
    return locked


@transaction.atomic
def copy_test(*, test: ABTest, by: Proposer, now: datetime, name: str = "") -> ABTest:
    """Make a draft like it: variants, place, metrics and numbers, but nothing counted."""
    place = getattr(test, "website", None)
    values: dict[str, Any] = {
        **{field: getattr(test, field) for field in FIELDS if field != "planned_for"},
        "name": (name or f"{test.name} (copy)")[:120],
        "targeting": test.targeting,
        "layer": test.layer.name if test.layer else None,
        "variants": [
            {"key": one.key, "name": one.name, "weight": one.weight, "config": one.config,
             "ad": str(one.ad.public_id) if one.ad else None}
            for one in test.variants.select_related("ad").order_by("position")
        ],
        "metrics": [
            {"metric": one.metric.key, "role": one.role, "harm_bp": one.harm_bp}
            for one in test.metrics.select_related("metric").order_by("position", "pk")
        ],
    }  # fmt: skip
    # A draft may have none yet, which is not the same as giving it none.
    values = {name: said for name, said in values.items() if said or name != "metrics"}
    if place is not None:
        values["website"] = {
            "site": str(place.site.public_id),
            "page_pattern": place.page_pattern,
            "selector": place.selector,
        }
    return create_draft(workspace=test.workspace, values=values, by=by, now=now)


@transaction.atomic
def archive_test(*, test: ABTest, by: Proposer, now: datetime) -> ABTest:
    """Put a draft or a test that is over out of the lists; nothing of it is deleted.

    Raises
    ------
    StateError : it runs, or waits for a signature
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=test.workspace, now=now, what="Archiving a test")
    locked = lock_test(test)
    if locked.has_started and not locked.is_over:
        raise StateError("It is running. Stop it first.")
    if not locked.has_started:
        require_draft(locked)
    locked.archived_at = locked.archived_at or now
    locked.planned_for = None
    locked.save(update_fields=["archived_at", "planned_for"])
    bump(locked.workspace_id, TOPIC)
    return locked


def lock_test(test: ABTest) -> ABTest:
    """Lock a test and read it anew, in the caller's transaction.

    Not its key: rows that refer to it, as a count writes them for seconds, are not waited for.
    """
    return (
        ABTest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("workspace", "layer", "winner")
        .get(pk=test.pk)
    )


def require_draft(test: ABTest) -> None:
    """Refuse what is no draft; what was refused a signature is one again.

    Raises
    ------
    StateError : it has started, waits for a signature, or is put away
    """
    if test.has_started:
        raise StateError("It has started: only its traffic and shares can be changed. Copy it.")
    if proposal := open_proposal_of(test):
        raise StateError(
            f"“{proposal.summary}” is {proposal.get_status_display().lower()}. Cancel that first."
        )
    if test.status == ABTestStatus.PENDING_START:
        test.status = ABTestStatus.DRAFT
        test.save(update_fields=["status"])


def _save(test: ABTest, values: Mapping[str, Any]) -> None:
    for name in FIELDS:
        if name in values:
            setattr(test, name, values[name])
    if "targeting" in values:
        test.targeting = read_targeting(values["targeting"])
    if "layer" in values:
        test.layer = layer_named(test.workspace, values["layer"])
    if test.surface in Surface.values and test.surface not in open_surfaces():
        raise ValidationError({"surface": "No messages can be tested yet. Choose website or ad."})
    test.full_clean(exclude=["workspace", "decision_rule"], validate_constraints=False)
    test.validate_constraints(exclude=["decision_rule"])  # a key is unique in its workspace
    test.save()
    if "website" in values:
        put_place(test, values["website"])
    if "variants" in values:
        put_variants(test, values["variants"])
    if "metrics" in values:
        put_metrics(test, values["metrics"])
    bump(test.workspace_id, TOPIC)


def _free_key(workspace: Workspace, name: str) -> str:
    """A key made from a name that no test has."""
    base = slugify(name)[: _KEY_LENGTH - 4].strip("-_") or "test"
    taken = set(
        ABTest.objects.filter(workspace=workspace, key__startswith=base).values_list(
            "key", flat=True
        )
    )
    return next(
        key
        for number in range(1, len(taken) + 2)
        if (key := base if number == 1 else f"{base}-{number}") not in taken
    )
