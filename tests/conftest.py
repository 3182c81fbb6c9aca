"""Personas of one workspace, and an outsider of another."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.conf import settings
from django.contrib import auth
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as examples_of

from tests import database
from tests.examples import examples
from tests.scheduling import pytest_xdist_make_scheduler  # noqa: F401  # a hook of this conftest
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces import common_words
from workspaces.middleware import SESSION_KEY
from workspaces.models import User, Workspace
from workspaces.sessions import SessionStore

# The same examples in every run, and no verdict by the clock; `make fuzz` looks for new ones.
_UNHURRIED = examples_of(deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples_of.register_profile(
    "same", _UNHURRIED, max_examples=examples(100), derandomize=True, database=None
)
examples_of.register_profile("fuzz", _UNHURRIED, max_examples=1000)
examples_of.load_profile("same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that last minutes a longer limit; only one that hangs meets it, on any machine."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(2400))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays: the product and the collected tests.

    Looking through them again and again took 8% of the time of the admin's pages; now it is 3%.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> None:
    """One migrated database per worker, on the run's own server."""
    with django_db_blocker.unblock():
        database.create()
    TransactionTestCase._fixture_teardown = database.empty


@pytest.fixture(scope="session", autouse=True)
def _no_statistics_of_words() -> Iterator[None]:
    """They are read again every few minutes: no count of queries may depend on when."""
    with mock.patch.object(common_words, "_read", return_value={}):
        yield


@pytest.fixture
def now() -> datetime:
    """A Saturday morning, UTC."""
    return datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def workspace(db: None) -> Workspace:
    """The workspace of the personas."""
    return WorkspaceFactory(slug="acme", name="Acme")


@pytest.fixture
def other_workspace(db: None) -> Workspace:
    """Somebody else's workspace."""
    return WorkspaceFactory(slug="rival", name="Rival")


def _persona(role: str, workspace: Workspace) -> User:
    email = f"{role}@{workspace.slug}.example"
    return MembershipFactory(workspace=workspace, role=role, user__email=email).user


@pytest.fixture
def viewer(workspace: Workspace) -> User:
    """Reads."""
    return _persona("viewer", workspace)


@pytest.fixture
def agent(workspace: Workspace) -> User:
    """Answers customers."""
    return _persona("agent", workspace)


@pytest.fixture
def operator(workspace: Workspace) -> User:
    """Proposes."""
    return _persona("operator", workspace)


@pytest.fixture
def approver(workspace: Workspace) -> User:
    """Signs."""
    return _persona("approver", workspace)


@pytest.fixture
def admin(workspace: Workspace) -> User:
    """Configures."""
    return _persona("admin", workspace)


@pytest.fixture
def outsider(other_workspace: Workspace) -> User:
    """Admin of another workspace: must be refused at every door."""
    return _persona("admin", other_workspace)


@pytest.fixture
def client_as() -> Callable[[User], Client]:
    """Browser of a person, logged in to the first workspace that he belongs to.

    Its session is written at once, as ``force_login`` would leave it, in a third of the time.
    """

    def build(user: User) -> Client:
        session = SessionStore()
        session[auth.SESSION_KEY] = str(user.pk)
        session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
        if membership := user.memberships.first():
            session[SESSION_KEY] = membership.workspace_id
        session.save()
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return client

    return build
