"""Gunicorn's log of requests, without what lets its reader act for somebody."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from config.masking import masked


class MaskedLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Writes of addresses that hold a token only where they lead."""

    def atoms(self, *call: Any) -> dict[str, Any]:
        """Parts of a line, each masked: path, request and referrer."""
        found: dict[str, Any] = super().atoms(*call)
        return {
            name: masked(value) if isinstance(value, str) else value
            for name, value in found.items()
        }
