"""What is known of a channel's installs beyond their number, from whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workspaces.models import Workspace
from workspaces.periods import Period

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RegionInstalls:
    """Installs of one channel by country: ``installs`` is (g, d) over the period's days."""

    regions: tuple[str, ...]
    installs: FloatArray


Source = Callable[[Workspace, Period], Mapping[str, RegionInstalls]]
_sources: list[Source] = []


def register_install_source(source: Source) -> None:
    """Make a source known that tells, by channel, where installs came from."""
    _sources.append(source)


def region_installs(workspace: Workspace, period: Period) -> dict[str, RegionInstalls]:
    """Installs by country of each channel that somebody knows them of."""
    found: dict[str, RegionInstalls] = {}
    for source in _sources:
        found.update(source(workspace, period))
    return found
