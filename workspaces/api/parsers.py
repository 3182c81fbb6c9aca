"""JSON bodies, read strictly: what PostgreSQL or a plan could not hold is refused here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, ClassVar

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class TooLargeError(APIException):
    """The body is larger than we read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """``application/json`` of a limited size, without NaN, NUL, endless numbers or nesting."""

    media_type = "application/json"
    #: More than the usual where a view takes files.
    max_bytes: ClassVar[int] = 0

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse the body, or refuse it in words."""
        limit = self.max_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLargeError(f"The body is larger than {limit:,} bytes; send less at once.")
        try:
            data = json.loads(
                raw.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite
            )
            for text in _texts(data):
                _require_storable(text)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from None
        return data


class BeaconParser(StrictJSONParser):
    """The same as ``text/plain``: a browser sends that elsewhere without asking first."""

    media_type = "text/plain"


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON knows")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _texts(part)


def _require_storable(text: str) -> None:
    if "\x00" in text:
        raise ValueError("a text holds a NUL character")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("a text holds half of a character")
