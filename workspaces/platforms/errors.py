"""The one error of every outside system, by what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Payload = Mapping[str, object]


class ErrorKind(StrEnum):
    """What the executor does about an error, whichever platform it came from.

    ``throttled`` pauses the account and costs no attempt; ``transient`` reads back and tries
    again; ``auth`` pauses the connection; ``permission`` and ``invalid`` fail; ``entity_limit``
    waits ``retry_after_s`` for this entity; ``gone`` marks the entity missing; ``policy`` stops
    the account until a person looked; ``unknown`` may have worked: only reading back tells.
    """

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    AUTH = "auth"
    PERMISSION = "permission"
    INVALID = "invalid"
    ENTITY_LIMIT = "entity_limit"
    GONE = "gone"
    POLICY = "policy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Usage:
    """Highest share of a quota that the platform's headers showed, 0 when they said nothing."""

    pct: float = 0.0
    reset_after_s: float | None = None


#: Longest wait that a platform may ask for.
LONGEST_WAIT_S: Final = 24 * 3600.0


class PlatformError(Exception):
    """A call that did not clearly succeed; its message may be shown and says what to do."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retry_after_s: float | None = None,
        provider_code: str = "",
        provider_subcode: str = "",
        trace_id: str = "",
        field: str = "",
        response: Payload | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        # Whatever a platform asks for: it is asked again within a day.
        self.retry_after_s = (
            None if retry_after_s is None else min(max(retry_after_s, 0.0), LONGEST_WAIT_S)
        )
        self.provider_code = provider_code
        self.provider_subcode = provider_subcode
        self.trace_id = trace_id
        self.field = field
        self.response: dict[str, object] = dict(response or {})
        self.usage = usage or Usage()
