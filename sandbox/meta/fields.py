"""What a node shows: only the fields asked for, nested ones included."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.context import Context, utc_text
from sandbox.entities import Account, Entity
from sandbox.meta.errors import graph_error
from sandbox.meta.learning import learning_stage
from sandbox.meta.money import minimum_daily, offset, to_wire
from sandbox.web import JsonObject, as_object

STATUS_WORDS = {
    "active": "ACTIVE",
    "paused": "PAUSED",
    "archived": "ARCHIVED",
    "deleted": "DELETED",
}
NODE_TYPES = {"campaign": "Campaign", "adset": "AdSet", "ad": "Ad"}
#: Fields that exist and are left out of an answer while nothing was seeded for them.
_SEEDED = {
    "campaign": "objective buying_type spend_cap special_ad_categories start_time stop_time"
    " smart_promotion_type source_campaign_id topline_id issues_info recommendations",
    "adset": "optimization_goal billing_event targeting promoted_object attribution_spec start_time"
    " end_time bid_constraints daily_min_spend_target daily_spend_cap lifetime_min_spend_target"
    " lifetime_spend_cap destination_type pacing_type is_dynamic_creative issues_info",
    "ad": "tracking_specs conversion_specs source_ad_id issues_info preview_shareable_link",
}
_CREATIVE = [
    "id",
    "name",
    "title",
    "body",
    "call_to_action_type",
    "object_type",
    "image_url",
    "thumbnail_url",
    "link_url",
    "object_story_spec",
    "video_id",
    "status",
]


@dataclass
class Selection:
    """A field list such as `id,campaign{daily_budget}`."""

    fields: dict[str, Selection] = field(default_factory=dict)


def parse_fields(text: str) -> Selection:
    """Read the `fields` parameter, a comma list or (from the batch) a JSON list."""
    text = text.strip()
    if text.startswith("["):
        text = text.strip("[]").replace('"', "")
    selection, _ = _parse(text, 0)
    return selection


def _parse(text: str, at: int) -> tuple[Selection, int]:
    selection, name = Selection(), ""
    while at < len(text):
        char = text[at]
        if char == "(":  # arguments of a field, as in `comments.limit(5)`
            end = text.find(")", at) + 1 or len(text)
            name, at = name + text[at:end], end
        elif char == "{":
            selection.fields[name.strip()], at = _parse(text, at + 1)
            name = ""
        elif char in ",}":
            if name.strip():
                selection.fields.setdefault(name.strip(), Selection())
            name = ""
            if char == "}":
                return selection, at + 1
            at += 1
        else:
            name, at = name + char, at + 1
    if name.strip():
        selection.fields.setdefault(name.strip(), Selection())
    return selection, at


class Nodes:
    """Shows the nodes of one account."""

    def __init__(self, context: Context, account: Account) -> None:
        self._context = context
        self._account = account
        self._entities = {entity.id: entity for entity in context.store.entities(account)}

    def show(self, entity: Entity, selection: Selection) -> JsonObject:
        """Return an entity with the selected fields and its id.

        Raises
        ------
        Refusal : 100, a field that the node type does not have
        """
        shown: JsonObject = {}
        for name, nested in selection.fields.items():
            value = self._field(entity, name, nested)
            if value is not None:
                shown[name] = value
        return shown | {"id": entity.id}

    def effective_status(self, entity: Entity) -> str:
        """Return what really happens: a parent that is off hides a child that is on."""
        own = STATUS_WORDS[entity.status]
        if entity.status != "active":
            return own
        parent = self._entities.get(entity.parent_id)
        while parent is not None:
            if parent.status == "deleted":
                return "DELETED"
            if parent.status == "archived":
                return "ARCHIVED"
            if parent.status == "paused":
                return "CAMPAIGN_PAUSED" if parent.kind == "campaign" else "ADSET_PAUSED"
            parent = self._entities.get(parent.parent_id)
        issue = entity.extra.get("effective_status")
        return str(issue) if issue else own

    def _field(self, entity: Entity, name: str, nested: Selection) -> object:
        common = self._common(entity, name)
        if common is not None:
            return common
        if name in ("campaign", "adset") and entity.kind != "campaign":
            parent = self._ancestor(entity, name)
            return self.show(parent, nested) if parent else None
        if name == "creative" and entity.kind == "ad":
            return _creative(entity, nested)
        if name == "learning_stage_info" and entity.kind == "adset":
            return learning_stage(self._context, self._account, entity)
        if name in _SEEDED[entity.kind].split() or name in entity.extra:
            return entity.extra.get(name)
        if name in _OPTIONAL.get(entity.kind, ()):
            return self._optional(entity, name)
        raise graph_error(
            100,
            f"Tried accessing nonexisting field ({name}) on node type ({NODE_TYPES[entity.kind]})",
        )

    def _common(self, entity: Entity, name: str) -> object:
        values = {
            "id": entity.id,
            "name": entity.name,
            "account_id": self._account.id,
            "status": STATUS_WORDS[entity.status],
            "configured_status": STATUS_WORDS[entity.status],
            "created_time": utc_text(entity.created_at),
        }
        if name == "effective_status":
            return self.effective_status(entity)
        if name == "updated_time":
            return utc_text(_updated_at(self._context, entity))
        return values.get(name)

    def _optional(self, entity: Entity, name: str) -> object:
        if name == "campaign_id":
            campaign = self._ancestor(entity, "campaign")
            return campaign.id if campaign else None
        if name == "adset_id":
            return entity.parent_id
        if name == "bid_strategy":
            return entity.bid_strategy or None
        if name == "bid_amount":
            return int(to_wire(entity.bid, self._account)) if entity.bid is not None else None
        if name == "budget_remaining":
            return self._money(entity, "daily_budget") or self._money(entity, "lifetime_budget")
        return self._money(entity, name)

    def _money(self, entity: Entity, name: str) -> str | None:
        value = getattr(entity, name)
        if value is None and entity.kind == "campaign":
            return None
        return to_wire(value, self._account)

    def _ancestor(self, entity: Entity, kind: str) -> Entity | None:
        found = self._entities.get(entity.parent_id)
        while found is not None and found.kind != kind:
            found = self._entities.get(found.parent_id)
        return found


_BUDGET_FIELDS = ("daily_budget", "lifetime_budget", "budget_remaining", "bid_strategy")
_OPTIONAL = {
    "campaign": _BUDGET_FIELDS,
    "adset": (*_BUDGET_FIELDS, "bid_amount", "campaign_id"),
    "ad": ("bid_amount", "campaign_id", "adset_id"),
}


def _creative(ad: Entity, nested: Selection) -> JsonObject:
    creative = as_object(ad.extra.get("creative"))
    known: JsonObject = {"id": creative.get("id", f"{ad.id}9")}
    for name in nested.fields:
        if name not in _CREATIVE:
            raise graph_error(
                100, f"Tried accessing nonexisting field ({name}) on node type (AdCreative)"
            )
        if name in creative:
            known[name] = creative[name]
    return known


def _updated_at(context: Context, entity: Entity) -> float:
    rows = context.store.query(
        "SELECT max(at) AS at FROM effect WHERE platform = 'meta' AND entity_id = ?", entity.id
    )
    return float(rows[0]["at"] or entity.created_at)


def show_account(context: Context, account: Account, selection: Selection) -> JsonObject:
    """Return an ad account with the selected fields and its id."""
    local = context.local_time(account)
    zone_offset = local.utcoffset()
    values: JsonObject = {
        "id": f"act_{account.id}",
        "account_id": account.id,
        "name": account.name,
        "currency": account.currency,
        "timezone_name": account.timezone,
        "timezone_offset_hours_utc": zone_offset.total_seconds() / 3600 if zone_offset else 0.0,
        "account_status": account.extra.get("account_status", 1),
        "min_daily_budget": int(to_wire(minimum_daily(account), account)),
        "amount_spent": "0",
        "spend_cap": "0",
        "disable_reason": 0,
    }
    if "currency_offset" in account.extra:
        values["currency_offset"] = offset(account)
    for name in selection.fields:
        if name not in values:
            raise graph_error(
                100, f"Tried accessing nonexisting field ({name}) on node type (AdAccount)"
            )
    return {name: values[name] for name in ("id", *selection.fields)}
