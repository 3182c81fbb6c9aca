"""Events of e-mail providers: sent through each, told by each, verified and taken in by us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from outreach.models import MessageEvent, OutreachMessage, Suppression
from outreach.services.listening import mail
from outreach.webhooks import EmailProvider
from sandbox.server import Sandbox
from tests.outreach.steps import contact_of, message_of
from tests.sandbox.conftest import NOON, Box
from tests.sandbox.test_mail import PROVIDERS, SURE, URL, account, backend, letter, told
from tests.workspaces.factories import ConnectionFactory, WorkspaceFactory
from tests.workspaces.inbound_calls import call
from workspaces.crypto import encrypt
from workspaces.inbound.base import Batch, Call, ForgedError, UnreadableError
from workspaces.models import Connection, InboundEvent

NOW = datetime.fromisoformat(NOON)
ADDRESS = "mara@example.com"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("mail") / "state.sqlite3") as server:
        yield server


@pytest.fixture
def box(server: Sandbox) -> Iterator[Box]:
    box = Box(server.base_url)
    box.control("reset")
    box.control("clock", {"set": NOON})
    yield box
    box.http.close()


@pytest.fixture
def connection() -> Connection:
    return ConnectionFactory(workspace=WorkspaceFactory(), kind="email")


@pytest.fixture
def message(connection: Connection) -> OutreachMessage:
    contact = contact_of(connection.workspace, ADDRESS)
    return message_of(contact, status="sent", sent_at=NOW - timedelta(days=30))


@pytest.fixture
def secret(box: Box, platform: str, message: OutreachMessage) -> dict[str, str]:
    """What the connection keeps, after a message went out to which everything happens."""
    seeded = box.control("seed", {"accounts": [account(platform)]})["accounts"][0]
    box.control("messages/model", SURE)
    sent = letter(ADDRESS)
    sent.metadata = {"touch_id": str(message.public_id)}
    backend(box, platform).send_messages([sent])
    return {
        "provider": platform,
        "webhook_secret": seeded.get("webhook_key") or seeded["webhook_secret"],
    }


def happens(box: Box, platform: str, *kinds: str) -> None:
    for kind in kinds:
        box.control("messages/event", {
            "platform": platform, "account": "m1", "recipient": ADDRESS, "kind": kind,
            "after_s": 864_000 - 1,
        })  # fmt: skip


def calls_of(box: Box, platform: str, **options: Any) -> list[Call]:
    return [
        call(one["body"].encode(), one["headers"], url=one["url"])
        for one in told(box, platform, **options)
    ]


def take(connection: Connection, batch: Batch) -> None:
    at = datetime.now(UTC) + timedelta(days=400)
    rows = [
        InboundEvent(
            connection=connection, dedup_key=one.dedup_key, kind=one.kind, body=one.body,
            received_at=at,
        )
        for one in batch.events
    ]  # fmt: skip
    mail.consume(connection, rows, at)


def verified(secret: dict[str, str], one: Call) -> Batch:
    provider = EmailProvider()
    provider.verify(one, secret, now=NOW)
    return provider.split(one, secret)


@pytest.mark.parametrize("platform", PROVIDERS)
def test_what_a_provider_tells_becomes_the_messages_story(
    box: Box, platform: str, connection: Connection, message: OutreachMessage,
    secret: dict[str, str],
) -> None:  # fmt: skip
    happens(box, platform, "complained")

    for one in calls_of(box, platform, order="reversed", duplicates=2):
        take(connection, verified(secret, one))

    message.refresh_from_db()
    kinds = set(MessageEvent.objects.values_list("kind", flat=True))
    arrived = {"accepted"} if platform == "mandrill" else {"delivered"}
    assert kinds >= arrived | {"opened", "clicked", "complained"}
    assert message.status == "complained"
    assert message.links_clicked == {"https://shop.example/spring": 1}
    assert (message.open_count, message.click_count) == (1, 1)
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.parametrize("platform", PROVIDERS)
def test_bounces_for_good_and_for_now_are_told_apart(
    box: Box, platform: str, connection: Connection, message: OutreachMessage,
    secret: dict[str, str],
) -> None:  # fmt: skip
    happens(box, platform, "soft", "hard")

    for one in calls_of(box, platform):
        take(connection, verified(secret, one))

    kinds = set(MessageEvent.objects.values_list("kind", flat=True))
    # Mailgun tells of a failure that it tries again as of a delay.
    for_now = {"deferred"} if platform == "mailgun" else {"soft_bounced"}
    assert kinds >= {"bounced"} | for_now
    assert [row.reason for row in Suppression.objects.all()] == ["bounce"]


@pytest.mark.parametrize("platform", PROVIDERS)
def test_forged_and_unsigned_calls_are_refused(
    box: Box, platform: str, secret: dict[str, str]
) -> None:
    forged = calls_of(box, platform, signature="wrong", keep=True)[0]
    good = calls_of(box, platform)[0]

    for one, known in [
        (forged, secret),
        (good, {"provider": platform}),
        (good, {**secret, "provider": "unknown"}),
        (call(good.body, {}, url=URL), secret),
    ]:
        with pytest.raises(ForgedError):
            EmailProvider().verify(one, known, now=NOW)


@pytest.mark.parametrize("platform", ["resend", "sendgrid"])
def test_old_calls_are_refused(box: Box, platform: str, secret: dict[str, str]) -> None:
    old = calls_of(box, platform, age_s=86_400)[0]

    with pytest.raises(ForgedError):
        EmailProvider().verify(old, secret, now=NOW)


@pytest.mark.parametrize("platform", ["postmark"])
def test_a_secret_that_is_being_replaced_counts(
    box: Box, platform: str, secret: dict[str, str]
) -> None:
    one = calls_of(box, platform)[0]
    renewed = {**secret, "webhook_secret": "new:one",
               "previous_webhook_secret": secret["webhook_secret"]}  # fmt: skip

    EmailProvider().verify(one, renewed, now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"1", b'"x"', b"[1]", b'{"a":'])
@pytest.mark.parametrize("platform", PROVIDERS)
def test_nonsense_is_refused_without_a_fault(platform: str, body: bytes) -> None:
    one = call(body, {"content-type": "application/json"}, url=URL)

    try:
        batch = EmailProvider().split(one, {"provider": platform, "webhook_secret": "x"})
    except UnreadableError:
        return
    assert [event.kind for event in batch.events] in ([], ["mail.unknown"])


@pytest.mark.parametrize("place", ["{id}", "postmark/{id}", "postmark/{id}/"])
@pytest.mark.parametrize("platform", ["postmark"])
def test_the_door_takes_them_with_the_providers_name_or_without(
    box: Box, platform: str, connection: Connection, secret: dict[str, str], place: str,
    client: Client,
) -> None:  # fmt: skip
    connection.secret = encrypt(secret)
    connection.save()
    one = calls_of(box, platform)[0]

    answer = client.post(
        f"/api/webhooks/email/{place.format(id=connection.public_id)}", one.body,
        content_type="application/json",
        headers={"authorization": one.headers["authorization"]},
    )  # fmt: skip

    assert answer.status_code == 200
    assert InboundEvent.objects.get().kind.startswith("mail.")
