"""Who may call, and who wants to hear of it: apps register both in ``ready()``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from workspaces.inbound.base import Provider
from workspaces.models import Connection, InboundEvent


@dataclass(frozen=True)
class Failure:
    """Why an event could not be treated. ``is_final``: another try would not help."""

    why: str
    retry_after_s: float | None = None
    is_final: bool = False


# Gets events of one connection in their order, outside of any transaction, and returns what could
# not be treated, by primary key. What it raises counts as a failure of all of them. It must not
# mind being called twice with the same event.
Consume = Callable[[Connection, Sequence[InboundEvent], datetime], Mapping[int, Failure]]


@dataclass(frozen=True)
class Consumer:
    """One listener. ``kinds``: exact types, or with a last ``*`` all that begin so; empty: all."""

    name: str
    provider: str
    consume: Consume
    kinds: tuple[str, ...] = ()

    def wants(self, event: InboundEvent) -> bool:
        """Whether an event of the provider is for this consumer."""
        return not self.kinds or any(
            event.kind.startswith(kind[:-1]) if kind.endswith("*") else event.kind == kind
            for kind in self.kinds
        )

    def wanted(self) -> Q:
        """The same as a condition on rows."""
        condition = Q(connection__kind=self.provider)
        if not self.kinds:
            return condition
        by_kind = Q()
        for kind in self.kinds:
            by_kind |= Q(kind__startswith=kind[:-1]) if kind.endswith("*") else Q(kind=kind)
        return condition & by_kind


@dataclass
class _Registry:
    providers: dict[str, Provider] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)


_registry = _Registry()


def register_provider(provider: Provider) -> None:
    """Open ``/api/webhooks/<its name>/<connection>`` to a sender."""
    _registry.providers[provider.name] = provider


def provider_of(name: str) -> Provider | None:
    """One sender, ``None`` when no app knows it."""
    return _registry.providers.get(name)


def register_consumer(
    name: str, provider: str, consume: Consume, *, kinds: tuple[str, ...] = ()
) -> None:
    """Have stored events of a provider treated; a repeated name replaces the one before."""
    _registry.consumers[name] = Consumer(name, provider, consume, kinds)


def consumers_of(provider: str) -> list[Consumer]:
    """Listeners of a provider, by name."""
    found = [one for one in _registry.consumers.values() if one.provider == provider]
    return sorted(found, key=lambda one: one.name)


def consumers() -> list[Consumer]:
    """All listeners, by name."""
    return sorted(_registry.consumers.values(), key=lambda one: one.name)


def wanted_by(listening: Sequence[Consumer]) -> Q:
    """Events that at least one of some listeners wants; none for no listeners."""
    condition = Q(pk__in=[])
    for consumer in listening:
        condition |= consumer.wanted()
    return condition
