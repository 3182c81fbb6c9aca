"""Serializer parts that several resources share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from workspaces.formats import decimals_of


class RefusesUnknown(serializers.Serializer[Any]):
    """A field that is not known is a mistake, not something to ignore."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown fields by name, then check the known ones."""
        if isinstance(data, dict):
            unknown = set(data) - set(self.fields) - {"tenant_id"}
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    dict.fromkeys(sorted(unknown), f"There is no such field; known: {known}.")
                )
        return super().to_internal_value(data)


class Body(RefusesUnknown):
    """A request body."""


class AmountField(serializers.DecimalField):
    """Money or a price: text in JSON, never negative, as precise as we store it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", Decimal(0))
        super().__init__(max_digits=20, decimal_places=6, **options)

    def to_representation(self, value: Any) -> str:
        """Write at least the usual two decimals, and no zeros after them."""
        return amount_text(Decimal(value))


def amount_text(value: Decimal, currency: str = "") -> str:
    """Amount as text: the currency's decimals, more where they are not zero."""
    places = decimals_of(currency)
    text = f"{value:.6f}"
    while text.endswith("0") and len(text.partition(".")[2]) > places:
        text = text[:-1]
    return text.rstrip(".")


class AmountOut(serializers.Serializer[Any]):
    """Money with its currency."""

    amount = serializers.CharField()
    currency = serializers.CharField()


def amount_of(value: Decimal | None, currency: str) -> dict[str, str] | None:
    """``AmountOut`` of a value; ``None`` stays ``None``."""
    if value is None:
        return None
    return {"amount": amount_text(value, currency), "currency": currency}
