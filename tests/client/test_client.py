"""The Python client: what is sent, what is sent again, and what a refusal is."""

from __future__ import annotations

import asyncio
import doctest
import random
from typing import Any

import httpx
import pytest

import countersign_client.mock
from countersign_client import (
    AsyncCountersign,
    ConflictError,
    Countersign,
    InvalidError,
    MockServer,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    ProblemError,
    Retries,
    ServerFaultError,
    StalePlanError,
    TooManyCallsError,
)
from countersign_client.calls import Call

URL = "https://countersign.example/"
PROPOSAL = "01932f6e-0000-7000-8000-000000000001"


class Network:
    """Answers in turn; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **retries: Any) -> Countersign:
        return Countersign(
            URL, "k1", transport=httpx.MockTransport(self), sleep=self.slept.append,
            retries=Retries(rng=random.Random(3), **retries),
        )  # fmt: skip


def done(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body if body is not None else {}, headers=headers)


def test_a_call_is_sent_as_the_reference_says() -> None:
    network = Network(done(body={"results": []}), done(202, {"id": PROPOSAL}))
    api = network.client()
    api.gate.proposals_list(status=["pending", "approved"], page_size=5)
    made = api.gate.proposals_create(
        {"kind": "note", "request": {}, "reason": "Why"}, idempotency_key="mine"
    )
    listed, created = network.requests
    assert listed.url.path == "/api/proposals/"
    assert listed.url.params.multi_items() == [
        ("page_size", "5"), ("status", "pending"), ("status", "approved"),
    ]  # fmt: skip
    assert listed.headers["Authorization"] == "Api-Key k1"
    assert (created.method, created.headers["Idempotency-Key"]) == ("POST", "mine")
    assert made["id"] == PROPOSAL


def test_what_stands_in_a_path_is_quoted() -> None:
    assert Call("jobs_run", path={"name": "a/b"}).url == "jobs/a%2Fb/run/"


def test_all_pages_of_a_list() -> None:
    network = Network(
        done(body={"next": f"{URL}api/proposals/?cursor=c%3D2", "results": [1, 2]}),
        done(body={"next": None, "results": [3]}),
    )
    api = network.client()
    assert list(api.each(api.gate.proposals_list, kind="note")) == [1, 2, 3]
    assert dict(network.requests[1].url.params) == {"cursor": "c=2", "kind": "note"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            done(400, {"detail": "No.", "errors": [{"field": "why", "message": "Say."}]}),
            InvalidError,
        ),
        (done(401), NotAuthenticatedError),
        (done(403), NotAllowedError),
        (done(404), NotFoundError),
        (done(409, {"code": "subject_busy"}), ConflictError),
        (done(409, {"code": "stale_plan", "proposal": {"id": 7}}), StalePlanError),
        (done(418), ProblemError),
        (done(422), InvalidError),
        (done(500), ServerFaultError),
        (httpx.Response(500, text="<h1>Oops</h1>"), ServerFaultError),
    ],
)
def test_a_refusal_is_raised_and_not_sent_again(
    answer: httpx.Response, kind: type[ProblemError]
) -> None:
    network = Network(answer)
    with pytest.raises(ProblemError) as caught:
        network.client().workspace.whoami()
    assert type(caught.value) is kind
    assert (caught.value.status, len(network.requests)) == (answer.status_code, 1)
    if answer.status_code == 400:
        assert caught.value.errors == [("why", "Say.")]
    if isinstance(caught.value, StalePlanError):
        assert caught.value.proposal == {"id": 7}


def test_what_was_not_done_is_sent_again_with_one_key() -> None:
    lost = httpx.ReadError("gone")
    network = Network(done(503), lost, done(429, **{"Retry-After": "7"}), done(202, {"id": "p"}))
    network.client().gate.proposals_create({"kind": "n", "request": {}, "reason": "r"})
    keys = {request.headers["Idempotency-Key"] for request in network.requests}
    assert (len(network.requests), len(keys)) == (4, 1)
    assert network.slept[2] == 7
    assert 0 <= network.slept[0] <= 0.5
    assert 0 <= network.slept[1] <= 1


def test_what_may_have_been_done_is_sent_again_only_if_that_changes_nothing() -> None:
    # Has no idempotency key: a message told twice might count twice.
    network = Network(httpx.ReadTimeout("slow"))
    with pytest.raises(httpx.ReadTimeout):
        network.client().gate.proposals_edit(PROPOSAL, body={"request": {}})
    assert len(network.requests) == 1
    # Nothing was sent.
    network = Network(httpx.ConnectError("no"), done())
    network.client().gate.proposals_edit(PROPOSAL, body={"request": {}})
    assert len(network.requests) == 2


def test_there_is_an_end_to_trying() -> None:
    network = Network(*(done(503) for _ in range(3)))
    with pytest.raises(ServerFaultError):
        network.client(tries=3).workspace.whoami()
    network = Network(done(429, **{"Retry-After": "3600"}))
    with pytest.raises(TooManyCallsError) as caught:
        network.client().workspace.whoami()
    assert (caught.value.retry_after_s, network.slept) == (3600, [])


def test_calls_that_are_awaited_do_the_same() -> None:
    network = Network(
        done(503), done(body={"next": f"{URL}?cursor=2", "results": [1]}),
        done(body={"next": None, "results": [2]}), done(403),
    )  # fmt: skip
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> list[int]:
        async with AsyncCountersign(
            URL, "k", transport=httpx.MockTransport(network), sleep=sleep
        ) as api:
            found = [row async for row in api.each(api.gate.proposals_list)]
            with pytest.raises(NotAllowedError):
                await api.workspace.whoami()
            return found

    assert asyncio.run(run()) == [1, 2]
    assert len(slept) == 1


def test_the_mock_answers_in_turn_and_remembers() -> None:
    server = MockServer()
    server.on("proposals_sign", {"status": "approved"})
    server.on("proposals_sign", {"detail": "Too late."}, status=409)
    server.on("proposals_read", lambda asked: {"id": asked.path["public_id"]})
    api = Countersign(URL, "k", transport=server.transport)
    body = {"plan_sha256": "0" * 64}
    assert api.gate.proposals_sign(PROPOSAL, body)["status"] == "approved"
    with pytest.raises(ConflictError, match="Too late"):
        api.gate.proposals_sign(PROPOSAL, body)
    assert api.gate.proposals_read(PROPOSAL)["id"] == PROPOSAL
    assert [asked.body for asked in server.asked[:2]] == [body, body]
    with pytest.raises(ProblemError, match="told no answer to whoami"):
        api.workspace.whoami()
    with pytest.raises(KeyError):
        server.on("conjure")


def test_examples_in_the_code_are_true() -> None:
    assert doctest.testmod(countersign_client.mock).failed == 0
