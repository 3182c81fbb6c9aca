"""Changes made past the platforms' interfaces, as somebody in Ads Manager would make them."""

from __future__ import annotations

from sandbox.entities import FIELDS, KINDS, MONEY_FIELDS, PLATFORMS, Entity
from sandbox.seeding import SeedError, amount, status
from sandbox.store import Store
from sandbox.web import JsonObject


def edit(store: Store, item: JsonObject, now: float) -> Entity:
    """Change fields of one entity; amounts in major units.

    Raises
    ------
    SeedError : the entity or a value is unknown
    """
    platform, kind = item.get("platform"), item.get("kind")
    if platform not in PLATFORMS or kind not in (None, *KINDS):
        raise SeedError(f"an edit needs platform ({', '.join(PLATFORMS)}), id and fields")
    entity = store.entity(platform, str(item.get("id", "")), kind)
    if entity is None:
        raise SeedError(f"{platform} has no {kind or 'entity'} {item.get('id')!r}")
    changes = {name: _value(name, item[name]) for name in FIELDS if name in item}
    unknown = set(item) - set(FIELDS) - {"platform", "kind", "id"}
    if unknown or not changes:
        raise SeedError(f"these fields can be edited: {', '.join(FIELDS)}")
    store.change(entity, changes, "edit", now)
    return entity


def _value(name: str, value: object) -> object:
    if name in MONEY_FIELDS:
        return amount(value, name)
    return status(value, name) if name == "status" else str(value)
