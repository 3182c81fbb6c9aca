"""Parameters of recommended actions, checked as the same thing is checked over REST."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from workspaces.api.problems import of_drf
from workspaces.gate import RequestError
from workspaces.suggested import Asked


def checked(asked: Asked, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Checked parameters.

    Raises
    ------
    RequestError : names the first field that is wrong
    """
    read = form(data=dict(asked.parameters), context={"workspace": asked.workspace})
    if not read.is_valid():
        field, message = next(of_drf(read.errors))
        raise RequestError(f"parameters.{field}".rstrip("."), message)
    return dict(read.validated_data)
