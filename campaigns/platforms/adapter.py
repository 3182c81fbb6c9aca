"""What the adapters have in common: the client they hold and the refusals made before a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from campaigns.platforms.base import Change, EntityRef, EntityState
from workspaces.platforms.client import PlatformClient
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage

MAX_AMOUNT = 10**12
_PLAIN_ID = re.compile(r"[A-Za-z0-9_~]{1,80}")
# Currencies that Meta counts in whole units although ISO 4217 gives some of them two decimals.
# The other platforms take whole amounts everywhere, so the coarser step is right for them too.
WHOLE_UNIT_CURRENCIES = frozenset(
    {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"}
)
THREE_DECIMAL_CURRENCIES = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class Adapter:
    """Holds the client of one account."""

    executes = True

    def __init__(self, client: PlatformClient) -> None:
        self._client = client

    @property
    def usage(self) -> Usage:
        """Quota use in the newest answer."""
        return self._client.usage

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def read_entity(self, ref: EntityRef) -> EntityState:
        """Read one live state."""
        raise NotImplementedError

    def read_entities(self, refs: Sequence[EntityRef]) -> list[EntityState | PlatformError]:
        """Read them one after the other, where a platform has no other way."""
        return [self._read_or_why(ref) for ref in refs]

    def _read_or_why(self, ref: EntityRef) -> EntityState | PlatformError:
        try:
            return self.read_entity(ref)
        except PlatformError as error:
            return error


def invalid(message: str, field: str = "") -> PlatformError:
    """Error for what is refused here, before anything is sent."""
    return PlatformError(ErrorKind.INVALID, message, field=field)


def incomplete(label: str, what: str) -> PlatformError:
    """Error for a 2xx answer that lacks what it must have."""
    return PlatformError(
        ErrorKind.UNKNOWN,
        f"{label} answered without {what}; read the live value before trying again.",
    )


def checked_batch(elements: Sequence[Change | EntityRef], limit: int) -> None:
    """Refuse a batch that the platform would not take whole."""
    if len(elements) > limit:
        raise invalid(f"A batch holds at most {limit} changes here, not {len(elements)}.")


def is_plain_id(value: str) -> bool:
    """Whether an id can stand in a path or a query."""
    return _PLAIN_ID.fullmatch(value) is not None


def plain_id(value: str) -> str:
    """Return an id that can stand in a path or a query, or refuse it."""
    if not is_plain_id(value):
        raise invalid(f"{value[:80]!r} is not an id of this platform; sync the account again.")
    return value


def coarse_step(currency: str) -> Decimal:
    """Return the step that every platform but Meta takes in this currency."""
    checked_currency(currency)
    return Decimal(1) if currency in WHOLE_UNIT_CURRENCIES else Decimal("0.01")


def checked_currency(currency: str) -> str:
    """Return an ISO 4217 code, or refuse anything else."""
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise invalid(f"{currency!r} is not a currency code such as USD.", "currency")
    return currency


def money_of(change: Change, *, account_currency: str, step: Decimal) -> Decimal:
    """Return the amount to send: positive, in the account's currency, a multiple of the step.

    Nothing is rounded here: the number that was signed is the number that is sent.
    """
    if change.currency != account_currency:
        raise invalid(
            f"The change is in {change.currency or 'no currency'}, the account counts in "
            f"{account_currency}; propose it again in {account_currency}.",
            "currency",
        )
    value = change.value
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 < value < MAX_AMOUNT:
        raise invalid(f"{value} is not an amount between 0 and {MAX_AMOUNT}.", change.field)
    if value % step:
        raise invalid(
            f"{value} {account_currency} is not a multiple of {step}, the smallest amount that "
            "the platform takes; propose a rounded amount.",
            change.field,
        )
    return value
