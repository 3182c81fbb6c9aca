"""A workspace on the sandbox's traffic, with two weeks of decisions behind it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from campaigns.models import AdAccount, AdChangeHistory, PendingAdChange, Platform
from campaigns.selectors.response import response_days
from campaigns.services.scenarios.fitting import fit_curves
from campaigns.services.syncing import connect_account, sync_account
from mlops.platforms.sandbox_control import SandboxControl
from mlops.services.demo.deals import fill_deals
from mlops.services.demo.inbox import Desk
from mlops.services.demo.journeys import walk_journeys
from mlops.services.demo.lab import Lab
from mlops.services.demo.outreach import Mailing
from mlops.services.demo.people import add_people, demo_person, sign_for
from mlops.services.demo.shop import open_shop
from mlops.services.demo.visits import fill_website
from mlops.services.demo.watcher import watch
from mlops.services.sampling import draw_budgets, propose_budgets
from mlops.services.winners.collecting import WINNERS_JOB
from outreach.services.people.standing import STANDING_JOB
from workspaces.crypto import encrypt
from workspaces.gate import GateError, Proposer
from workspaces.models import BusinessMode, Connection, Proposal, Status, User, Workspace
from workspaces.roles import Role
from workspaces.services.execution import execute_due
from workspaces.services.jobs import request_job
from workspaces.services.proposing import propose
from workspaces.services.reverting import revert
from workspaces.services.signing import reject
from workspaces.services.upkeep import expire_due, measure_due
from workspaces.services.workspaces import create_workspace

SLUG = "ptd_fitness"
NOTICE = (
    "Sandbox: PTD Fitness is invented. Its platforms run on this machine and simulate traffic with"
    " a known truth; every change goes over HTTP as it would in production."
)
_GOOGLE = {"client_id": "demo", "client_secret": "demo", "developer_token": "demo"}
_CONNECTIONS = {
    "meta": ("4400110022", {"conversion_action": "lead"}, "access_token"),
    "google": ("5510220033", _GOOGLE, "refresh_token"),
    "tiktok": (
        "7001100220033",
        {"conversion_metric": "sales_lead", "revenue_metric": "total_sales_lead_value"},
        "access_token",
    ),
}
HISTORY_DAYS = 14
STEP_DAYS = 2
SIGNED_A_STEP = 3
# A campaign is left alone after a change until its effect can be told from the next one's.
CALM = timedelta(days=10)


def fill_sandbox_world(
    *, control: SandboxControl, now: datetime, step_days: int = STEP_DAYS
) -> Workspace:
    """Connect the sandbox's accounts and live through two weeks, then leave today's proposals.

    Somebody looks at the queue every ``step_days`` days.
    """
    workspace = create_workspace(
        slug=SLUG,
        name="PTD Fitness",
        currency="USD",
        time_zone="America/New_York",
        mode=BusinessMode.PIPELINE,
        by=demo_person(Role.ADMIN),
        now=now - timedelta(days=HISTORY_DAYS + 1),
        is_sandbox=True,
    )
    people = add_people(workspace)
    control.seed_world(SLUG, seed_day=now)
    accounts = _connect(workspace, control, now)
    lab = Lab(workspace, people, now)
    mailing = Mailing(workspace, people, control, now)
    try:
        for moment in _moments(workspace, now, step_days):
            lab.live_until(moment)
            control.set_clock(moment)
            _live(accounts, people, now=moment)
            _draw_between(accounts, moment, step_days)
        mailing.live()
        Desk(workspace, people, mailing.providers, now).live()
        mailing.providers.call()
    finally:
        control.run_clock()
    lab.live_until(now)
    _today(accounts, people, now=now)
    watch(workspace=workspace, admin=people[Role.ADMIN], now=now)
    fill_deals(workspace=workspace, control=control, now=now)
    walk_journeys(workspace=workspace, now=now, known=mailing.known())
    if days := response_days(workspace, now):
        fit_curves(workspace=workspace, now=now, days=days)
    fill_website(workspace=workspace, now=now)
    for name in (WINNERS_JOB, STANDING_JOB):
        request_job(workspace=workspace, name=name, trigger="demo", now=now)
    shop = open_shop(workspace=workspace, control=control)
    workspace.refresh_from_db()
    workspace.notice = f"{NOTICE} Click through the demo shop and watch it arrive: {shop}"
    workspace.save(update_fields=["notice", "updated_at"])
    return workspace


def _connect(workspace: Workspace, control: SandboxControl, now: datetime) -> list[AdAccount]:
    accounts = []
    for kind, (external_id, options, secret_name) in _CONNECTIONS.items():
        token = f"sandbox-{kind}-ptd-fitness"
        connection = Connection.objects.create(
            workspace=workspace,
            kind=kind,
            name=f"{Platform(kind).label} sandbox",
            base_url=control.base_url,
            secret=encrypt({**options, secret_name: token}),
        )
        accounts.append(
            connect_account(connection=connection, external_id=external_id, platform=kind, now=now)
        )
    return accounts


def _moments(workspace: Workspace, now: datetime, step_days: int) -> Iterable[datetime]:
    """Mornings of the last two weeks, workspace time, oldest first."""
    today = now.astimezone(workspace.zone).date()
    for days in range(HISTORY_DAYS, 0, -step_days):
        morning = datetime.combine(today - timedelta(days=days), time(9, 0), workspace.zone)
        yield morning.astimezone(now.tzinfo)


def _live(accounts: list[AdAccount], people: dict[Role, User], *, now: datetime) -> None:
    """One morning: sync, propose, decide, execute, measure."""
    workspace = accounts[0].workspace
    expire_due(now=now)
    for account in accounts:
        sync_account(account=account, now=now)
        propose_budgets(account=account, now=now, seed=now.toordinal())
    _operators_own(workspace, people, now)
    _decide(workspace, people, now)
    execute_due(worker="demo", clock=lambda: now + timedelta(minutes=2), workspace=workspace)
    measure_due(now=now)


def _draw_between(accounts: list[AdAccount], moment: datetime, step_days: int) -> None:
    """The sampler draws also on days when nobody looks, so its ledger has all of them."""
    for later in range(1, step_days):
        at = moment + timedelta(days=later)
        for account in accounts:
            draw_budgets(account=account, now=at, seed=at.toordinal())


def _decide(workspace: Workspace, people: dict[Role, User], now: datetime) -> None:
    """Sign the strongest changes of campaigns at rest, reject the weakest with a reason."""
    waiting = list(
        PendingAdChange.objects.filter(workspace=workspace, proposal__status=Status.PENDING)
        .select_related("proposal__current_plan")
        .order_by("-proposal__money_at_stake", "proposal_id")
    )
    calm = [change for change in waiting if not _is_restless(change, now)]
    touched: set[int] = set()
    for change in calm:
        if change.campaign_id in touched or len(touched) == SIGNED_A_STEP:
            continue
        touched.add(change.campaign_id)
        sign_for(change.proposal, people, now)
    if left := [change for change in calm if change.campaign_id not in touched]:
        _reject(left[-1].proposal, people, now)


def _is_restless(change: PendingAdChange, now: datetime) -> bool:
    return AdChangeHistory.objects.filter(
        campaign_id=change.campaign_id, status="applied", completed_at__gt=now - CALM
    ).exists()


def _reject(proposal: Proposal, people: dict[Role, User], now: datetime) -> None:
    plan = proposal.current_plan
    if plan is None:
        return
    reject(
        proposal_id=proposal.pk,
        plan_sha256=plan.sha256,
        by=people[Role.APPROVER],
        now=now + timedelta(minutes=1),
        why="Too small to matter this week; ask again with more data.",
    )


def _operators_own(workspace: Workspace, people: dict[Role, User], now: datetime) -> None:
    """A person proposes too: what was executed a week ago is undone once."""
    undone = Proposal.objects.filter(workspace=workspace, reverts__isnull=False).exists()
    done = (
        Proposal.objects.filter(
            workspace=workspace, status=Status.EXECUTED, executed_at__lt=now - timedelta(days=7)
        )
        .order_by("pk")
        .last()
    )
    if undone or done is None:
        return
    try:
        proposal = revert(
            proposal_id=done.pk,
            by=people[Role.OPERATOR],
            now=now,
            reason="Leads from here cost more than before; back to where it was.",
        )
    except GateError:
        return  # a machine's change for the same subject is signed already
    sign_for(Proposal.objects.select_related("current_plan").get(pk=proposal.pk), people, now)


def _today(accounts: list[AdAccount], people: dict[Role, User], *, now: datetime) -> None:
    """Leave fresh proposals of the sampler and one of a person for whoever opens the queue."""
    expire_due(now=now)
    measure_due(now=now)
    for account in accounts:
        sync_account(account=account, now=now)
        propose_budgets(account=account, now=now, seed=now.toordinal())
    quiet = accounts[0].ad_sets.filter(daily_budget__gt=0, status="active").order_by("pk")
    for ad_set in quiet:
        try:
            propose(
                workspace=accounts[0].workspace,
                kind="ad_change",
                request={
                    "entity_type": "adset",
                    "entity": str(ad_set.public_id),
                    "change_type": "status",
                    "value": "paused",
                },
                proposer=Proposer.person(people[Role.OPERATOR]),
                reason="The video is from last season; pause until the new one is cut.",
                now=now,
            )
        except GateError:
            continue
        break
