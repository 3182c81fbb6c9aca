"""What a new user is expected to be worth, from whoever has a model of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from workspaces.models import Workspace
from workspaces.periods import Period

#: Mean predicted value of those who installed in a period; ``None`` while no model serves there.
ValueModel = Callable[[Workspace, Period], Decimal | None]
_models: list[ValueModel] = []


def register_value_model(model: ValueModel) -> None:
    """Make known who predicts what users are worth."""
    _models.append(model)


def predicted_value(workspace: Workspace, period: Period) -> Decimal | None:
    """Mean predicted value of a period's new users; ``None`` without a model."""
    found = (model(workspace, period) for model in _models)
    return next((value for value in found if value is not None), None)
