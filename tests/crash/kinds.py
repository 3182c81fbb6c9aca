"""One request of every kind of proposal, and how often it took effect where it has an effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from attribution.models import SyntheticRevenueConfig
from campaigns.models import AdAccount, AdChangeHistory, AdSet, SafetyPolicy
from campaigns.services.syncing import connect_account, sync_account
from experiments.models import ABTest, ABTestAllocation
from inbox.services.settling import settle_answers
from mlops.models import ModelVersion
from outreach.models import OutreachPolicy
from outreach.services.sending.materialising import materialise_due
from outreach.services.social.matching import match_funnels
from tests.attribution.deal_steps import DEAL, sold
from tests.attribution.hubspot_steps import Crm
from tests.campaigns.conftest import connect
from tests.crash.accounts import seed_account
from tests.experiments.steps import draft_of, on_site
from tests.inbox.steps import conversation_of, response_of
from tests.mlops.registry.steps import version_of
from tests.outreach.launch_steps import news_to, planned
from tests.outreach.sending.steps import channel_on, letters, people, send_all, smtp_to
from tests.outreach.social.steps import INSTAGRAM, NOON, comment_at, funnel_of, page_on
from tests.sandbox.conftest import Box
from workspaces.models import Proposal, User, Workspace

SOON: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Place:
    """Where a kind is tried: a workspace, its people and the far end."""

    box: Box
    workspace: Workspace
    operator: User
    now: datetime = NOON


@dataclass(frozen=True)
class Case:
    """One proposal to be made, and what it did.

    ``effects`` lists what stands where the kind has its effect: nothing before, one after.
    ``made`` is a proposal that something else has made already.
    """

    effects: Callable[[], list[str]]
    request: dict[str, Any] | None = None
    made: Proposal | None = None


def _ad_change(place: Place) -> Case:
    """A budget at Meta."""
    box, workspace, now = place.box, place.workspace, place.now
    box.control("seed", seed_account(now))
    connection = connect(box, workspace, "meta", {"access_token": "t"})  # type: ignore[arg-type]
    account = connect_account(connection=connection, external_id="9001", platform="meta", now=now)
    sync_account(account=account, now=now)
    SafetyPolicy.objects.create(
        workspace=workspace, version=1, jitter_min_ms=0, jitter_max_ms=0, created_at=now,
        effective_at=now,
    )  # fmt: skip
    AdAccount.objects.filter(pk=account.pk).update(has_usable_conversions=False)
    ad_set = AdSet.objects.filter(account=account).order_by("pk")[0]

    def effects() -> list[str]:
        history = AdChangeHistory.objects.filter(entity_id=ad_set.pk, status="applied")
        there = box.effects(ad_set.external_id)
        assert len(there) == history.count(), "the history tells of something else"
        return [new for _, new in there]

    request = {
        "entity_type": "adset", "entity": str(ad_set.public_id), "change_type": "budget",
        "value": "110",
    }  # fmt: skip
    return Case(effects, request)


def _crm_deal(place: Place) -> Case:
    """The amount of a deal in HubSpot, that the sandbox counts by its versions."""
    crm = Crm(place.box, place.workspace)  # type: ignore[arg-type]
    at = (place.now - timedelta(days=1)).isoformat()
    crm.do("deal", id=DEAL, stage="closedwon", properties={"amount": "1000.00"}, at=at)
    conversion = sold(place.workspace)

    def effects() -> list[str]:
        answer = place.box.http.post(
            "/crm/v3/objects/deals/batch/read",
            json={"inputs": [{"id": DEAL}], "properties": ["amount"],
                  "propertiesWithHistory": ["amount"]},
            headers={"Authorization": "Bearer pat-sandbox-33"},
        )  # fmt: skip
        (deal,) = answer.json()["results"]
        values = [one["value"] for one in deal["propertiesWithHistory"]["amount"]]
        return values[:-1]

    return Case(effects, {"conversion": conversion.conversion_id})


def _reply(place: Place) -> Case:
    """A mail that answers a mail."""
    channel_on(smtp_to(place.box, place.workspace))  # type: ignore[arg-type]
    conversation = conversation_of(place.workspace, opened_at=place.now, last_message_at=place.now)
    asked = response_of(conversation, at=place.now, received_at=place.now)
    asked.point.last_inbound_at = place.now
    asked.point.save()

    def effects() -> list[str]:
        send_all(place.now + timedelta(hours=2))
        settle_answers(now=place.now + timedelta(hours=2))
        return [one["text"].strip() for one in letters(place.box)]  # type: ignore[arg-type]

    return Case(effects, {"answers": str(asked.public_id), "text": "It is on its way."})


def _launch(place: Place) -> Case:
    """A send to one person."""
    box, workspace = place.box, place.workspace
    channel_on(smtp_to(box, workspace))  # type: ignore[arg-type]
    OutreachPolicy.objects.create(
        workspace=workspace, postal_address="1 Main Street", has_canary=False
    )
    campaign = news_to(*people(workspace, 1), workspace=workspace, send_at_best_hour=False)
    plan = planned(campaign, place.operator, place.now)
    assert plan.last_at is not None
    late = max(plan.last_at, place.now) + timedelta(hours=2)

    def effects() -> list[str]:
        materialise_due(now=late)
        send_all(late)
        return [one["recipient"] for one in letters(box)]  # type: ignore[arg-type]

    return Case(effects, {"campaign": str(campaign.public_id), "operation": "launch"})


def _answer(place: Place) -> Case:
    """A reply in public below a comment."""
    account = page_on(place.box, place.workspace)
    funnel_of(place.workspace, needs_approval=True, reply_after_min=0, dm_text="")
    comment_at(place.box, account)
    assert match_funnels(workspace=place.workspace, now=place.now) == 1

    def effects() -> list[str]:
        token = {"Authorization": "Bearer sandbox-meta-social-ptd-fitness"}
        answer = place.box.http.get(
            "/v26.0/c1/replies", params={"fields": "id,text,from"}, headers=token
        )
        ours = [one for one in answer.json()["data"] if one["from"]["id"] == INSTAGRAM]
        return [one["text"] for one in ours]

    return Case(effects, made=Proposal.objects.get(kind="outreach.answer"))


def _promotion(place: Place) -> Case:
    """Another version serves."""
    version = version_of(place.workspace, place.now)

    def effects() -> list[str]:
        serving = ModelVersion.objects.filter(workspace=place.workspace, stage="champion")
        return [str(one.version) for one in serving]

    return Case(effects, {"model": version.name, "version": str(version.version)})


def _test_start(place: Place) -> Case:
    """A test runs, and its shares are written down."""
    test = draft_of(place.workspace)
    on_site(test)

    def effects() -> list[str]:
        shares = ABTestAllocation.objects.filter(test=test)
        runs = ABTest.objects.filter(pk=test.pk, status="running")
        assert shares.count() == runs.count()
        return [one.key for one in runs]

    return Case(effects, {"test": str(test.public_id), "operation": "start"})


def _stage_values(place: Place) -> Case:
    """A new version of what stages are worth."""

    def effects() -> list[str]:
        rows = SyntheticRevenueConfig.objects.filter(workspace=place.workspace)
        return [str(one.version) for one in rows]

    return Case(effects, {"template": "ptd_fitness"})


#: Every kind; one that is registered and not here fails a test.
KINDS: Final[dict[str, Callable[[Place], Case]]] = {
    "ab_test": _test_start,
    "ad_change": _ad_change,
    "crm_deal": _crm_deal,
    "inbox.reply": _reply,
    "model_promotion": _promotion,
    "outreach.answer": _answer,
    "outreach.launch": _launch,
    "stage_values": _stage_values,
}
