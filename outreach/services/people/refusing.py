"""How services of people say no."""

from __future__ import annotations

from workspaces.services.refusals import RefusedError


class PeopleError(RefusedError):
    """Refused; ``field`` names what is wrong, as the caller calls it; empty: the state is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
