"""The README's examples run against a real API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import propose
from workspaces.models import ApiKey, Workspace

README = Path(__file__).parents[2] / "client" / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_examples_of_the_readme_run(
    live_server: Any, workspace: Workspace, now: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    note_kind.install()
    propose(workspace, now)
    _, key = ApiKey.objects.create_key(
        workspace=workspace, name="t", scopes=["changes:read", "changes:propose"]
    )
    names: dict[str, Any] = {"url": live_server.url, "key": key}
    for block in BLOCKS:
        exec(compile(block, str(README), "exec"), names)  # our own README
    told = capsys.readouterr().out
    assert "Acme" in told
    assert "entity_type" in told
    assert told.rstrip().endswith("[] proposals_list")
    assert len(BLOCKS) == 4
