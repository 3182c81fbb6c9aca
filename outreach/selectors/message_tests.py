"""Tests of texts: which variant of a campaign's test a contact gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from experiments.engine.assignment import assign_many
from experiments.models import ABTest, ABTestStatus, Exposure
from experiments.selectors.served import Served, holdout_of
from outreach.engine.channels import Channel, IntArray
from outreach.models import TemplateVersion
from outreach.selectors.laws import channel_of
from workspaces.gate import Json
from workspaces.models import Workspace

#: A unit of a test of messages is a contact.
UNIT: Final = "contact:"
#: After a winner was declared everybody gets that text.
_OVER: Final = (ABTestStatus.WINNER_DECLARED, ABTestStatus.COMPLETED)


def unit_of(contact_id: int) -> str:
    """What tests call a contact."""
    return f"{UNIT}{contact_id}"


@dataclass(frozen=True, eq=False)
class Arms:
    """Variant of each contact: a place in ``keys``; the first key is empty, for no variant."""

    keys: tuple[str, ...]
    of: npt.NDArray[np.int16]


def arms_of(workspace: Workspace, test_key: str | None, contacts: IntArray) -> Arms:
    """Share contacts out; who is in no test gets what the control says."""
    nobody = Arms(("",), np.zeros(len(contacts), np.int16))
    test = ABTest.objects.filter(workspace=workspace, key=test_key).first() if test_key else None
    if test is None:
        return nobody
    variants = tuple(test.variants.order_by("position"))
    if not variants:
        return nobody
    keys = ("", *(one.key for one in variants))
    if test.status in _OVER:
        stays = test.winner.key if test.winner else variants[0].key
        return Arms(keys, np.full(len(contacts), keys.index(stays), np.int16))
    units = [unit_of(one) for one in contacts.tolist()]
    found = assign_many(
        Served(test, variants).plan, units, holdout=holdout_of(workspace),
        known=_known(test, keys, contacts),
    )  # fmt: skip
    return Arms(keys, np.maximum(found.variants + 1, 1).astype(np.int16))


def _known(test: ABTest, keys: tuple[str, ...], contacts: IntArray) -> npt.NDArray[np.int16]:
    """Variants that contacts met already, and keep."""
    met = Exposure.objects.filter(test=test, unit__startswith=UNIT)
    known = {
        int(unit.removeprefix(UNIT)): keys.index(key) - 1
        for unit, key in met.values_list("unit", "variant__key")
        if key in keys
    }
    return np.array([known.get(one, -1) for one in contacts.tolist()], np.int16)


@dataclass(frozen=True)
class Texts:
    """Version of each channel and variant of a step, as a document names them."""

    versions: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, workspace: Workspace, step: Json) -> Texts:
        """Look up the versions of a step's texts."""
        named = {one["version"] for one in step["texts"] if one["version"]}
        rows = TemplateVersion.objects.filter(workspace=workspace, public_id__in=named)
        ids = {str(public_id): pk for pk, public_id in rows.values_list("pk", "public_id")}
        return cls(
            {
                (one["channel"], one["variant"]): ids[one["version"]]
                for one in step["texts"]
                if one["version"] in ids
            }
        )

    @property
    def all(self) -> list[int]:
        """Every version."""
        return sorted(set(self.versions.values()))

    def table(self, keys: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """Version by variant and channel: (variants, channels); 0 where there is none.

        A variant without a text of its own gets the one for all, else the control's.
        """
        found = np.zeros((len(keys), len(Channel)), np.int64)
        control = keys[1] if len(keys) > 1 else ""
        for place, key in enumerate(keys):
            for channel in {channel for channel, _ in self.versions}:
                said = (self.versions.get((channel, one)) for one in (key, "", control))
                found[place, channel_of(channel)] = next((one for one in said if one), 0)
        return found
