"""The API fuzzed from its own schema: whatever is sent, it is never our fault."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from tests.api.conftest import key_client
from tests.api.test_gate import propose
from tests.campaigns.factories import DailyPerformanceFactory
from workspaces import scopes
from workspaces.models import ThrottleRate

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 15


@pytest.fixture
def application():
    """The site, kept from closing the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
def test_no_operation_fails_whatever_is_sent(application, note, workspace, admin):
    propose(workspace, "1")
    DailyPerformanceFactory(ad__ad_set__campaign__account__workspace=workspace)
    for scope in ("read", "write", "ml", "ingest", "visitor"):
        ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=10**6)
    plain = key_client(workspace, scopes.SCOPES, acts_as=admin).plain
    headers = {"Authorization": f"Api-Key {plain}"}
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)

    for operation in schema.get_all_operations():
        _fuzz(operation.ok(), headers)


def _is_fault(answer):
    """No worker that answers runs here: to be told when to ask again is the contract, no fault."""
    return answer.status_code != 503 or "retry-after" not in answer.headers


def _fuzz(operation, headers):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case):
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS if _is_fault(answer) else CHECKS[1:])

    send()
