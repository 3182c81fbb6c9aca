"""A version travels as one file, and arrives whole or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command

from mlops.models import ModelVersion
from mlops.services.registry.adding import DataWindow, add_version
from mlops.services.registry.files import BadFileError, export_version, import_version
from tests.mlops.registry.steps import NAME, spoil, trained, version_of
from workspaces.gate import StateError

KEPT = (
    "name", "format", "sha256", "size_bytes", "features", "seed", "rows", "held_out", "data_from",
    "data_until", "data_sha256", "code_version", "metrics", "baselines", "is_better", "verdict",
    "card",
)  # fmt: skip


@pytest.fixture
def version(workspace, now) -> ModelVersion:
    """A version that knows what it learnt from."""
    window = DataWindow(now.date().replace(day=1), now.date(), "ab" * 32)
    made = add_version(workspace=workspace, trained=trained(), data=window, now=now)
    made.refresh_from_db()
    return made


def _written(parts: dict[str, bytes]) -> bytes:
    """A file with checksums that fit its parts."""
    content = BytesIO()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in parts.items())
    with zipfile.ZipFile(content, "w") as file:
        for name, data in {**parts, "SHA256SUMS": sums.encode()}.items():
            file.writestr(name, data)
    return content.getvalue()


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as file:
        return {name: file.read(name) for name in ("artefact.bin", "version.json")}


def test_arrives_as_challenger_with_all_it_was(version, other_workspace, now):
    content = export_version(version=version)
    assert content == export_version(version=version)

    arrived = import_version(workspace=other_workspace, content=content, now=now)

    arrived.refresh_from_db()
    assert {name: getattr(arrived, name) for name in KEPT} == {
        name: getattr(version, name) for name in KEPT
    }
    assert (arrived.stage, arrived.version) == ("challenger", 1)
    assert arrived.created_by_label == "File of acme, version 1"
    assert bytes(arrived.artefact.data) == bytes(version.artefact.data)


def test_refuses_what_is_damaged_swapped_or_something_else(version, workspace, now):
    content = export_version(version=version)
    good = _parts(content)
    document = json.loads(good["version.json"])
    other = trained(meta=2.0).artefact.data
    digest = hashlib.sha256(b"{}").hexdigest()

    def said(**fields: object) -> dict[str, bytes]:
        return {**good, "version.json": json.dumps({**document, **fields}).encode()}

    damaged = bytearray(content)
    damaged[60] ^= 1
    cases = [
        (b"no zip", "damaged"),
        (content[:-40], "damaged"),
        (bytes(damaged), "damaged"),
        (_written({"artefact.bin": b""}), "no version.json"),
        (_written({**good, "artefact.bin": other}), "another one than it describes"),
        (content.replace(b"SHA256SUMS", b"SHA256NONE"), "SHA256"),
        (_written(said(file_version=9)), "another kind or version"),
        (_written(said(name="crystal_ball")), "knows no model"),
        (_written(said(features=["country"])), "other features"),
        (_written(said(format="pickle")), "no format 'pickle'"),
        (_written(said(metrics="good")), "does not say what it must"),
        (_written({**good, "version.json": b"{"}), "no JSON"),
        (_written({**said(sha256=digest), "artefact.bin": b"{}"}), "is no ROI by channel mean"),
    ]
    for bad, words in cases:
        with pytest.raises(BadFileError, match=words):
            import_version(workspace=workspace, content=bad, now=now)
    assert ModelVersion.objects.count() == 1


def test_an_artefact_that_changed_does_not_leave(version):
    spoil(version)

    with pytest.raises(StateError, match="no longer has its checksum"):
        export_version(version=version)


def test_commands_take_a_version_from_one_workspace_to_another(
    workspace, other_workspace, now, tmp_path
):
    version_of(workspace, now)
    path, said = tmp_path / "m.zip", StringIO()

    with pytest.raises(CommandError, match="has no champion of 'roi_mean'"):
        call_command("export_model", NAME, workspace="acme", to=path)
    call_command("export_model", NAME, workspace="acme", version_number=1, to=path, stdout=said)
    call_command("import_model", path, workspace="rival", stdout=said)

    assert "roi_mean 1 of acme is in" in said.getvalue()
    assert "roi_mean 1 is a challenger in rival." in said.getvalue()
    assert ModelVersion.objects.filter(workspace=other_workspace).count() == 1
    path.write_bytes(b"x")
    for file, words in ((path, "damaged"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(CommandError, match=words):
            call_command("import_model", file, workspace="rival")
