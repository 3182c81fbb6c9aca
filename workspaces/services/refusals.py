"""How services of the ground floor say no."""

from __future__ import annotations


class RefusedError(Exception):
    """A use case was refused; the text tells a person why and what to do."""

    status = 409


class NotPermittedError(RefusedError):
    """The person's role does not allow it."""

    status = 403
