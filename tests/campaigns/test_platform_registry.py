"""Which adapter a connection gets, and what it may talk to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from campaigns.platforms.registry import KINDS, build
from tests.campaigns.payloads import CANARY, Wire, answer
from workspaces.platforms.errors import ErrorKind, PlatformError

CREDENTIALS = {
    "meta": {"access_token": CANARY},
    "tiktok": {"access_token": CANARY},
    "linkedin": {"access_token": CANARY},
    "google": {
        "client_id": "c",
        "client_secret": CANARY,
        "refresh_token": CANARY,
        "developer_token": CANARY,
    },
}
FIRST_HOST = {
    "meta": "https://graph.facebook.com/v26.0/act_1",
    "tiktok": "https://business-api.tiktok.com/open_api/v1.3/advertiser/info/",
    "linkedin": "https://api.linkedin.com/rest/adAccounts/1",
    "google": "https://oauth2.googleapis.com/token",
}


@pytest.mark.parametrize("kind", KINDS)
def test_production_is_the_default(kind):
    wire = Wire(answer("meta/success_false"))

    platform = build(kind, credentials=CREDENTIALS[kind], transport=wire.transport)
    with pytest.raises(PlatformError):
        platform.read_account("1")

    assert platform.name == kind
    assert str(wire.requests[0].url).startswith(FIRST_HOST[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_production_refuses_a_loopback_base(kind):
    with pytest.raises(PlatformError, match="loopback address is a sandbox") as caught:
        build(kind, credentials=CREDENTIALS[kind], base_url="http://127.0.0.1:9000")

    assert caught.value.kind == ErrorKind.INVALID


def test_google_token_never_leaves_the_sandbox():
    wire = Wire(answer("google/token"), answer("google/customer"))

    platform = build(
        "google",
        credentials=CREDENTIALS["google"],
        base_url="http://127.0.0.1:9000/",
        allow_loopback=True,
        transport=wire.transport,
    )
    platform.read_account("1")

    assert {r.url.host for r in wire.requests} == {"127.0.0.1"}
    assert wire.requests[0].url.path == "/token"


def test_loopback_token_url_is_refused_in_production():
    with pytest.raises(PlatformError, match="base URL"):
        build("google", credentials=CREDENTIALS["google"] | {"token_url": "http://127.0.0.1/token"})


@pytest.mark.parametrize("kind", KINDS)
def test_missing_secret_is_an_auth_error_that_says_what_to_do(kind):
    with pytest.raises(PlatformError, match="enter it and save again") as caught:
        build(kind, credentials={})

    assert caught.value.kind == ErrorKind.AUTH


@pytest.mark.parametrize("kind", ["microsoft", "", "Meta", "__class__"])
def test_unknown_kind_is_refused(kind):
    with pytest.raises(PlatformError, match="google, linkedin, meta, tiktok"):
        build(kind, credentials={"access_token": CANARY})


def test_api_version_can_be_set_per_connection():
    wire = Wire(answer("meta/account"))

    build(
        "meta",
        credentials={"access_token": CANARY, "api_version": "v25.0"},
        transport=wire.transport,
    ).read_account("1")

    assert wire.requests[0].url.path == "/v25.0/act_1"


def test_adapters_load_on_first_use_and_need_no_django():
    code = (
        "import sys, campaigns.platforms.registry; "
        "loaded = set(sys.modules); "
        "assert 'campaigns.platforms.meta' not in loaded; "
        "import campaigns.platforms.meta, campaigns.platforms.google, campaigns.platforms.tiktok, "
        "campaigns.platforms.linkedin; "
        "assert not [m for m in sys.modules if m.split('.')[0] in ('django', 'sandbox')]"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
