"""Proposals of many kinds that only wait for signatures, and how to tell what each did.

``python -m tests.crash.kills_seed COUNT`` fills the stack's database and sandbox, and writes
``kills.json`` into the state directory.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

import json  # noqa: E402  # all of these need the settings, or stand beside what does
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from datetime import datetime, timedelta  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, Final  # noqa: E402

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from attribution.models import Conversion, Deal, Person  # noqa: E402
from attribution.services.website.sites import create_site  # noqa: E402
from campaigns.models import AdAccount, AdSet, SafetyPolicy  # noqa: E402
from campaigns.services.syncing import connect_account, sync_account  # noqa: E402
from experiments.models import WebsiteABTest  # noqa: E402
from inbox.models import InboxPolicy  # noqa: E402
from outreach.services.social.matching import match_funnels  # noqa: E402
from tests import database  # noqa: E402
from tests.attribution.hubspot_steps import Crm  # noqa: E402
from tests.experiments.steps import draft_of  # noqa: E402
from tests.inbox.steps import conversation_of, response_of  # noqa: E402
from tests.outreach.sending.steps import channel_on, provider_to  # noqa: E402
from tests.outreach.social.steps import comment_at, funnel_of, page_on  # noqa: E402
from tests.outreach.steps import contact_of  # noqa: E402
from tests.sandbox.conftest import Box  # noqa: E402
from workspaces.crypto import encrypt  # noqa: E402
from workspaces.gate import Proposer  # noqa: E402
from workspaces.models import ApiKey, Connection, Membership, Proposal, User, Workspace  # noqa: E402
from workspaces.services import proposing  # noqa: E402

FILE: Final = "kills.json"
Made = Iterator[tuple[Proposal, str]]

#: Parts of twenty. What is set can be set twice unseen; what is said cannot.
SHARES: Final = {
    "budget at Meta": 6, "budget at Google": 2, "pause at TikTok": 1,
    "amount in HubSpot": 2, "mail that answers": 5, "reply below a comment": 3,
    "start of a test": 1,
}  # fmt: skip


class Seeding:
    """One workspace, and what it is connected to."""

    def __init__(self, box: Box, now: datetime) -> None:
        self.box, self.now = box, now
        self.workspace = Workspace.objects.create(slug="crash", name="Crash")

    def propose(self, kind: str, *, by: User | None = None, **request: Any) -> Proposal:
        """Propose as a person or a machine does."""
        return proposing.propose(
            workspace=self.workspace, kind=kind, request=request, reason="Crash.",
            proposer=Proposer.person(by) if by else Proposer.model("sampler", "v1"), now=self.now,
        )  # fmt: skip

    def ad_sets(self, platform: str, count: int) -> list[AdSet]:
        """Ad sets of one account at the far end, mirrored."""
        tree = _account(platform, count)
        created = int(self.now.timestamp()) - 30 * 24 * 3600
        self.box.seed(tree, created_at=created)
        google = {"client_id": "c", "client_secret": "s", "refresh_token": "t"}
        secret = (
            {**google, "developer_token": "d"} if platform == "google" else {"access_token": "t"}
        )
        connection = Connection.objects.create(
            workspace=self.workspace, kind=platform, name=platform, base_url=self.box.base_url,
            secret=encrypt(secret),
        )  # fmt: skip
        account = connect_account(
            connection=connection, external_id=str(tree["id"]), platform=platform, now=self.now
        )
        sync_account(account=account, now=self.now)
        AdAccount.objects.filter(pk=account.pk).update(has_usable_conversions=False)
        return list(AdSet.objects.filter(account=account).order_by("pk"))


_LETTER: Final = {"meta": "1", "google": "2", "tiktok": "3"}


def _account(platform: str, count: int) -> dict[str, Any]:
    """Campaigns of five ad sets, the budgets where each platform has them; no traffic."""
    first, campaigns, budgets = _LETTER[platform], [], []
    is_google = platform == "google"
    for number in range(count if is_google else -(-count // 5)):
        owner: dict[str, Any] = {"id": f"{first}10{number}", "name": f"Campaign {number}"}
        if is_google:
            budgets.append({"id": f"{first}50{number}", "daily_budget": "100.00"})
            owner["budget_id"] = f"{first}50{number}"
        sets = [number] if is_google else range(5 * number, min(5 * number + 5, count))
        money = {} if is_google else {"daily_budget": "100.00"}
        owner["adsets"] = [
            {"id": f"{first}20{place}", "name": f"Ad set {place}", "ads": [], **money}
            for place in sets
        ]
        campaigns.append(owner)
    return {
        "platform": platform, "id": f"{first}9001", "name": "Crash", "currency": "USD",
        "timezone": "UTC", "token": "t", "campaigns": campaigns, "budgets": budgets,
    }  # fmt: skip


def _ads(seeding: Seeding, count: int, platform: str, change: str) -> Made:
    # Of what hardly spent yet a machine may not judge.
    by = _member(seeding.workspace, "operator") if change == "status" else None
    for one in seeding.ad_sets(platform, count):
        owner, kind = (one.campaign, "campaign") if platform == "google" else (one, "adset")
        at = one.external_id.replace("20", "50", 1) if platform == "google" else one.external_id
        yield (
            seeding.propose(
                "ad_change", by=by, entity_type=kind, entity=str(owner.public_id),
                change_type=change, value="paused" if change == "status" else "110",
            ),
            f"entity:{at}",
        )  # fmt: skip


def _meta(seeding: Seeding, count: int) -> Made:
    return _ads(seeding, count, "meta", "budget")


def _crm(seeding: Seeding, count: int) -> Made:
    workspace, at = seeding.workspace, seeding.now - timedelta(days=1)
    crm = Crm(seeding.box, workspace)  # type: ignore[arg-type]
    for number in range(count):
        deal = f"90000{number:05d}"
        crm.do("deal", id=deal, stage="closedwon", properties={"amount": "1000.00"},
               at=at.isoformat())  # fmt: skip
        Deal.objects.create(
            workspace=workspace, source="hubspot", portal="33", external_id=deal, amount=1_000,
            amount_at=at,
        )  # fmt: skip
        Conversion.objects.create(
            workspace=workspace, person=Person.objects.create(workspace=workspace),
            conversion_id=f"order-{number}", type="purchase", value=1_500, currency="USD",
            crm_deal=deal, converted_at=at, has_consent=True,
        )  # fmt: skip
        yield seeding.propose("crm_deal", conversion=f"order-{number}"), f"deal:{deal}"


def _mails(seeding: Seeding, count: int) -> Made:
    workspace, now = seeding.workspace, seeding.now
    channel_on(provider_to(seeding.box, workspace, "resend"))  # type: ignore[arg-type]
    InboxPolicy.objects.create(workspace=workspace, undo_s=0)
    for number in range(count):
        address = f"p{number}@example.com"
        conversation = conversation_of(
            workspace, contact=contact_of(workspace, address), opened_at=now, last_message_at=now
        )
        asked = response_of(conversation, at=now, received_at=now)
        asked.point.last_inbound_at = now
        asked.point.save()
        yield (
            seeding.propose("inbox.reply", answers=str(asked.public_id), text="On its way."),
            f"mail:{address}",
        )


def _answers(seeding: Seeding, count: int) -> Made:
    account = page_on(seeding.box, seeding.workspace)
    funnel_of(seeding.workspace, needs_approval=True, reply_after_min=0, dm_text="",
              daily_limit=count, answers_from=seeding.now - timedelta(hours=1))  # fmt: skip
    for number in range(count):
        at = seeding.now - timedelta(seconds=number + 1)
        comment_at(seeding.box, account, name=f"c{number}", who=f"u{number}", at=at)
    match_funnels(workspace=seeding.workspace, now=seeding.now)
    for one in Proposal.objects.filter(kind="outreach.answer").select_related("current_plan"):
        assert one.current_plan is not None
        yield one, f"comment:{one.current_plan.content['comment']}"


def _tests(seeding: Seeding, count: int) -> Made:
    site = create_site(workspace=seeding.workspace, name="Shop", origins=["https://shop.example"])
    for number in range(count):
        test = draft_of(seeding.workspace, f"t{number}")
        WebsiteABTest.objects.create(
            workspace=seeding.workspace, test=test, site=site, page_pattern=f"/p{number}/*"
        )
        yield (
            seeding.propose("ab_test", test=str(test.public_id), operation="start"),
            f"test:{test.pk}",
        )


MAKERS: Final[dict[str, Callable[[Seeding, int], Made]]] = {
    "budget at Meta": _meta,
    "budget at Google": lambda seeding, count: _ads(seeding, count, "google", "budget"),
    "pause at TikTok": lambda seeding, count: _ads(seeding, count, "tiktok", "status"),
    "amount in HubSpot": _crm,
    "mail that answers": _mails,
    "reply below a comment": _answers,
    "start of a test": _tests,
}


def main(count: int) -> None:
    """Make ``count`` proposals, and the keys of two people who may sign them."""
    database.fill()
    call_command("migrate", interactive=False, verbosity=0)
    box = Box(os.environ["SANDBOX_URL"])
    seeding = Seeding(box, timezone.now())
    SafetyPolicy.objects.create(
        workspace=seeding.workspace, version=1, jitter_min_ms=0, jitter_max_ms=0,
        rate_campaign_hour=1000, rate_workspace_day=1000, created_at=seeding.now,
        effective_at=seeding.now,
    )  # fmt: skip
    keys = [_key(seeding.workspace, role) for role in ("approver", "admin")]
    items = []
    for what, share in SHARES.items():
        for proposal, effect in MAKERS[what](seeding, max(1, round(count * share / 20))):
            plan = proposal.current_plan
            assert plan is not None
            items.append({
                "id": str(proposal.public_id), "sha256": plan.sha256, "what": what,
                "signatures": plan.signatures_required, "effect": effect,
            })  # fmt: skip
    told = {"keys": keys, "items": items}
    Path(os.environ["COUNTERSIGN_STATE"], FILE).write_text(json.dumps(told))


def _member(workspace: Workspace, role: str) -> User:
    person = User.objects.create_user(f"{role}@crash.example", "correct horse battery")
    Membership.objects.create(workspace=workspace, user=person, role=role)
    return person


def _key(workspace: Workspace, role: str) -> str:
    person = _member(workspace, role)
    _, plain = ApiKey.objects.create_key(
        workspace=workspace, name=role, scopes=["changes:sign"], acts_as=person
    )
    return str(plain)


if __name__ == "__main__":
    main(int(sys.argv[1]))
