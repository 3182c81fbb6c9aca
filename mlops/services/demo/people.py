"""The people of the demo, one per role, members of every demo workspace."""

from __future__ import annotations

from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role

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
