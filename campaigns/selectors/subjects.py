"""What a change is about: an entity, who owns its budget, and its name on the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Ad, AdAccount, AdSet, Campaign, ChangeType, EntityType, Platform
from campaigns.platforms.base import EntityLevel, EntityRef
from campaigns.selectors.lookup import SHOWN, AmbiguousIdError, by_any_id
from workspaces.gate import GateError, RequestError
from workspaces.models import Workspace

Entity = Campaign | AdSet | Ad

MODELS: dict[str, type[Campaign] | type[AdSet] | type[Ad]] = {
    EntityType.CAMPAIGN: Campaign,
    EntityType.ADSET: AdSet,
    EntityType.AD: Ad,
}
_LEVELS: dict[str, EntityLevel] = {
    EntityType.CAMPAIGN: "campaign",
    EntityType.ADSET: "adset",
    EntityType.AD: "ad",
}


@dataclass(frozen=True)
class Subject:
    """One entity and one field of it, with the platform's own name for what is changed.

    A budget change is about the budget's owner; on Google that is the budget resource, and
    ``campaigns`` are all that share it.
    """

    account: AdAccount
    entity_type: EntityType
    entity: Entity
    change_type: ChangeType
    ref: EntityRef
    campaigns: tuple[Campaign, ...]

    @property
    def key(self) -> str:
        """Subject key of the gate: owner and change type."""
        return (
            f"{self.account.platform}:{self.account.external_id}:"
            f"{self.ref.level}:{self.ref.external_id}:{self.change_type}"
        )

    @property
    def lane(self) -> str:
        """Changes of one entity never run together."""
        return self.key.rsplit(":", 1)[0]

    @property
    def label(self) -> str:
        """Name for people."""
        shared = f" (budget shared by {len(self.campaigns)})" if len(self.campaigns) > 1 else ""
        return f"{self.entity.name}{shared}"

    @property
    def campaign(self) -> Campaign:
        """The campaign it belongs to."""
        return self.campaigns[0]

    @property
    def budget_field(self) -> str:
        """Which budget the owner has: ``daily_budget`` or ``lifetime_budget``."""
        has_daily = getattr(self.entity, "daily_budget", None) is not None
        has_lifetime = getattr(self.entity, "lifetime_budget", None) is not None
        return "lifetime_budget" if has_lifetime and not has_daily else "daily_budget"

    @property
    def current(self) -> Decimal | str | None:
        """The mirrored value of the field."""
        if self.change_type == ChangeType.STATUS:
            return str(self.entity.status)
        field = self.budget_field if self.change_type == ChangeType.BUDGET else "bid"
        value: Decimal | None = getattr(self.entity, field, None)
        return value


def find_subject(*, workspace: Workspace, request: dict[str, Any]) -> Subject:
    """Subject of a request, or a ``RequestError`` naming the field that is wrong."""
    entity_type = _choice(request, "entity_type", EntityType)
    change_type = _choice(request, "change_type", ChangeType)
    entity = _entity(workspace, EntityType(entity_type), request)
    return subject_of(entity, ChangeType(change_type))


def find_subjects(
    *, workspace: Workspace, named: Sequence[tuple[str, str, ChangeType]]
) -> list[Subject | GateError]:
    """Subjects by entity type, our id and change type, or why one is none; a query per type."""
    ids: dict[str, set[str]] = {}
    for entity_type, public_id, _ in named:
        ids.setdefault(entity_type, set()).add(public_id)
    found: dict[tuple[str, str], Entity] = {
        (entity_type, str(entity.public_id)): entity
        for entity_type, wanted in ids.items()
        for entity in _entities(workspace, EntityType(entity_type))
        .filter(public_id__in=wanted)
        # One account for them all, where joining would make one for each.
        .prefetch_related("account__connection", "account__workspace", *_above(entity_type))
    }
    return [
        _subject_or_why(found.get((entity_type, public_id)), entity_type, change_type)
        for entity_type, public_id, change_type in named
    ]


def _subject_or_why(
    entity: Entity | None, entity_type: str, change_type: ChangeType
) -> Subject | GateError:
    if entity is None:
        label = EntityType(entity_type).label.lower()
        return RequestError("entity", f"This {label} is no longer in the workspace.")
    try:
        return subject_of(entity, change_type)
    except GateError as error:
        return error


def _choice(request: dict[str, Any], field: str, choices: type[EntityType | ChangeType]) -> str:
    value = request.get(field)
    if value not in choices.values:
        raise RequestError(field, f"Use one of {', '.join(choices.values)}.")
    return str(value)


def _entity(workspace: Workspace, entity_type: EntityType, request: dict[str, Any]) -> Entity:
    given = str(request.get("entity", "")).strip()
    rows = _entities(workspace, entity_type).select_related(
        "account__connection", "account__workspace", *_above(entity_type)
    )
    if account := request.get("account"):
        rows = by_any_id(rows, str(account), "account__")
    found = list(by_any_id(rows, given)[:SHOWN]) if given else []
    if not found:
        label = entity_type.label.lower()
        raise RequestError("entity", f"There is no {label} {given!r} in this workspace.")
    if len(found) > 1:
        raise AmbiguousIdError("entity", given, [row.account for row in found])
    return found[0]


def _entities(workspace: Workspace, entity_type: EntityType) -> QuerySet[Entity]:
    model: type[Entity] = MODELS[entity_type]
    rows: QuerySet[Entity] = model._default_manager.filter(workspace=workspace)
    return rows


def _above(entity_type: str) -> tuple[str, ...]:
    return () if entity_type == EntityType.CAMPAIGN else ("campaign",)


def subject_of(entity: Entity, change_type: ChangeType) -> Subject:
    """Subject of a change of an entity; a budget that sits elsewhere is refused in words."""
    account = entity.account
    entity_type = next(EntityType(key) for key, model in MODELS.items() if type(entity) is model)
    campaign = entity if isinstance(entity, Campaign) else entity.campaign
    campaigns: tuple[Campaign, ...] = (campaign,)
    level = _LEVELS[entity_type]
    external_id = entity.external_id
    if change_type == ChangeType.BUDGET:
        _require_budget_here(entity, campaign)
        if account.platform == Platform.GOOGLE and campaign.budget_external_id:
            level, external_id = "budget", campaign.budget_external_id
            campaigns = _sharing(account, campaign)
    elif change_type == ChangeType.BID and isinstance(entity, Ad):
        raise RequestError("change_type", "An ad has no bid of its own; change its ad set's bid.")
    ref = EntityRef(level, external_id, account.external_id)
    return Subject(account, entity_type, entity, change_type, ref, campaigns)


def _require_budget_here(entity: Entity, campaign: Campaign) -> None:
    if isinstance(entity, Ad):
        raise RequestError("entity", "An ad has no budget; change its ad set or campaign.")
    if entity.daily_budget is None and entity.lifetime_budget is None:
        where = "its ad sets" if isinstance(entity, Campaign) else f"campaign “{campaign.name}”"
        raise RequestError("entity", f"“{entity.name}” owns no budget; it sits on {where}.")


def _sharing(account: AdAccount, campaign: Campaign) -> tuple[Campaign, ...]:
    others = Campaign.objects.filter(
        account=account, budget_external_id=campaign.budget_external_id
    ).exclude(pk=campaign.pk)
    return (campaign, *others.order_by("pk"))
