"""The typed part of the client is that of today's API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

import generate
from countersign_client.calls import operations
from tests.api.paths import OPERATIONS


@pytest.fixture(scope="module")
def document() -> Any:
    from drf_spectacular.renderers import OpenApiJsonRenderer

    found = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(OpenApiJsonRenderer().render(found, renderer_context={}))


def test_the_client_is_written_anew_when_the_api_changes(document: Any) -> None:
    """``make client`` writes it."""
    for name, text in generate.files_of(document).items():
        assert (Path(generate.HERE) / name).read_text() == text, f"run `make client` ({name})"


def test_operations_know_their_scopes() -> None:
    told = {f"{one.method} {one.path}": one.scope for one in operations().values()}
    for path, scope in told.items():
        if ":" in scope:
            assert scope in set(OPERATIONS.values()), path
    assert told["POST proposals/{public_id}/sign/"] == "changes:sign"
    assert told["GET whoami/"] == ""
