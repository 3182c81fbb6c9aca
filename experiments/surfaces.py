"""Where tests can run, and what is done there with a winner.

Websites and ads are ours; a higher app that can send variants of messages registers itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from experiments.models import ABTestVariant, Surface

#: Lets a surface use a winner from now on, in the caller's transaction; says so in a sentence.
UseWinner = Callable[[ABTestVariant, datetime], str]

OWN: Final = (Surface.WEBSITE, Surface.AD)
_others: dict[str, UseWinner] = {}


def register_surface(surface: Surface, use_winner: UseWinner) -> None:
    """Open a surface to tests. Called in ``ready()``."""
    _others[surface] = use_winner


def open_surfaces() -> list[Surface]:
    """Surfaces on which a test can run now."""
    return [surface for surface in Surface if surface in OWN or surface in _others]


def winner_user(surface: str) -> UseWinner | None:
    """What a surface of a higher app does with a winner."""
    return _others.get(surface)
