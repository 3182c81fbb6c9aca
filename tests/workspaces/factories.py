"""Valid minimal rows of the ground floor."""

from __future__ import annotations

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from workspaces.models import Connection, ExchangeRate, Membership, User, Workspace
from workspaces.roles import Role


class WorkspaceFactory(DjangoModelFactory[Workspace]):
    """A direct-sales workspace in USD and UTC."""

    class Meta:
        model = Workspace

    slug = factory.Sequence(lambda n: f"team-{n}")
    name = factory.LazyAttribute(lambda o: o.slug.title())


class UserFactory(DjangoModelFactory[User]):
    """A person without memberships."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@example.com")
    password = factory.LazyFunction(lambda: make_password("correct horse battery"))


class MembershipFactory(DjangoModelFactory[Membership]):
    """A viewer."""

    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.VIEWER


class ConnectionFactory(DjangoModelFactory[Connection]):
    """A Meta connection without a secret."""

    class Meta:
        model = Connection

    workspace = factory.SubFactory(WorkspaceFactory)
    kind = "meta"
    name = factory.Sequence(lambda n: f"Connection {n}")


class ExchangeRateFactory(DjangoModelFactory[ExchangeRate]):
    """One euro in dollars."""

    class Meta:
        model = ExchangeRate

    workspace = factory.SubFactory(WorkspaceFactory)
    day = "2026-01-01"
    base = "EUR"
    quote = "USD"
    rate = "1.10"
