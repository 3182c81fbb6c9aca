"""The people of the demo, one per role, members of every demo workspace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from workspaces.models import Membership, Proposal, User, Workspace
from workspaces.roles import Role
from workspaces.services.signing import sign

PASSWORD = "countersign-demo"  # noqa: S105  # printed by `make demo`, never on a host
PEOPLE = {
    Role.ADMIN: ("ada@demo.example", "Ada", "Admin"),
    Role.APPROVER: ("amir@demo.example", "Amir", "Approver"),
    Role.OPERATOR: ("olga@demo.example", "Olga", "Operator"),
    Role.AGENT: ("agnes@demo.example", "Agnes", "Agent"),
    Role.VIEWER: ("vera@demo.example", "Vera", "Viewer"),
}


def demo_person(role: Role) -> User:
    """The person of a role, made on first use."""
    email, first_name, last_name = PEOPLE[role]
    return User.objects.filter(email=email).first() or User.objects.create_user(
        email, PASSWORD, first_name=first_name, last_name=last_name
    )


def add_people(workspace: Workspace) -> dict[Role, User]:
    """Make the demo's people members of a workspace."""
    people = {role: demo_person(role) for role in PEOPLE}
    for role, user in people.items():
        Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})
    return people


def sign_for(proposal: Proposal, people: Mapping[Role, User], now: datetime) -> None:
    """Let as many people sign as a proposal needs; nobody signs one that is blocked."""
    plan = proposal.current_plan
    if plan is None or plan.is_blocked:
        return
    for signer in (people[Role.APPROVER], people[Role.ADMIN])[: plan.signatures_required]:
        sign(
            proposal_id=proposal.pk,
            plan_sha256=plan.sha256,
            by=signer,
            now=now + timedelta(minutes=1),
        )
