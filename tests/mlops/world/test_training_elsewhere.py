"""A model trained without a database on exported data comes home, is signed, and serves."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command

from attribution.models import UserInstall
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.roi_rows import roi_rows, typical_rows
from mlops.models import ModelVersion
from mlops.services.registry.serving import served
from mlops.services.training import train_model
from mlops.services.training.files import BadDataError, FromFiles
from mlops.services.training.sources import FromWorkspace
from tests.mlops.registry.steps import champion
from tests.mlops.world.conftest import NOW, Place

pytestmark = pytest.mark.django_db
# A subprocess that may not open any connection, whoever asks for it.
REFUSED = """
import runpy, socket, sys
def refuse(*given, **named):
    raise RuntimeError("a connection was opened")
socket.socket.connect = socket.socket.connect_ex = refuse
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(place: Place, tmp_path_factory, django_db_blocker) -> Path:
    path = tmp_path_factory.mktemp("data")
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        call_command("export_training_data", workspace="world", to=path, stdout=StringIO())
    return path


def test_a_model_trained_elsewhere_comes_home_and_serves_once_signed(
    place: Place, folder: Path, tmp_path: Path
) -> None:
    trained = subprocess.run(
        [sys.executable, "-c", REFUSED, "manage.py", "train_all", "--from", str(folder),
         "--to", str(tmp_path), "--model", "roi"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local",
             "COUNTERSIGN_STATE": str(tmp_path / "state")},
    )  # fmt: skip
    assert trained.returncode == 0, trained.stdout + trained.stderr
    said = StringIO()
    call_command("import_model", tmp_path / "roi.model.zip", workspace="world", stdout=said)

    version = ModelVersion.objects.get(workspace=place.workspace, name="roi")
    assert (version.stage, version.created_by_label) == (
        "challenger", "Trained elsewhere on data of world",
    )  # fmt: skip
    assert version.is_better, version.verdict
    assert served(workspace=place.workspace, name="roi") is None
    champion(version, NOW)
    found = served(workspace=place.workspace, name="roi")
    assert found is not None
    assert found.version == version
    days = FromWorkspace(place.workspace, NOW).campaign_days
    assert (found.model.predict(typical_rows(roi_rows(panel(days)))) > -1).all()

    here = train_model(workspace=place.workspace, name="roi", now=NOW)
    assert here.sha256 == version.sha256
    same = ("data_sha256", "data_from", "data_until", "metrics", "baselines", "code_version",
            "features", "levels", "rows", "held_out", "seed")  # fmt: skip
    assert [getattr(here, name) for name in same] == [getattr(version, name) for name in same]


def test_files_give_what_the_database_gives(place: Place, folder: Path) -> None:
    there, here = FromFiles(folder), FromWorkspace(place.workspace, NOW)

    for name, values in here.users.rows.items():
        np.testing.assert_array_equal(there.users.rows[name], values, err_msg=name)
    assert list(there.users.rows) == list(here.users.rows)
    np.testing.assert_array_equal(there.users.later_value, here.users.later_value)
    for name, figures in here.campaign_days.figures.items():
        np.testing.assert_array_equal(there.campaign_days.figures[name], figures)
    for name in ("has_left", "installed_on", "sha256"):
        np.testing.assert_array_equal(getattr(there.users, name), getattr(here.users, name))


def test_nobody_can_be_told_from_the_files(place: Place, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    columns = {column for file in manifest["files"].values() for column in file["columns"]}

    assert not {"id", "user_id", "install_id", "campaign_id", "name", "city"} & columns
    users = parquet.read_table(folder / "users.parquet")
    ids = set(UserInstall.objects.filter(workspace=place.workspace).values_list("user_id", "city"))
    texts = {str(v) for c in users.column_names for v in users.column(c).unique().to_pylist()}
    assert not texts & {text for pair in ids for text in pair}
    for name, told in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"]
        assert parquet.read_metadata(folder / name).num_rows == told["rows"] > 0


def test_a_folder_that_is_not_whole_or_was_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "users.parquet").write_bytes(b"PAR1")

    with pytest.raises(BadDataError, match=r"users\.parquet is not the file that manifest\.json"):
        _ = FromFiles(copy).users
    (copy / "users.parquet").unlink()
    with pytest.raises(BadDataError, match=r"users\.parquet cannot be read"):
        _ = FromFiles(copy).users
    with pytest.raises(BadDataError, match=r"holds no readable manifest\.json"):
        _ = FromFiles(tmp_path).manifest
    (copy / "manifest.json").write_text('{"format": 9}')
    with pytest.raises(CommandError, match="Not trained: roi"):
        call_command("train_all", "--from", copy, to=tmp_path, model=["roi"], stdout=StringIO())
    with pytest.raises(CommandError, match="Name with --to the folder"):
        call_command("train_all", "--from", copy, stdout=StringIO())
    with pytest.raises(CommandError, match="--to goes with --from"):
        call_command("train_all", workspace="world", to=tmp_path, stdout=StringIO())


def test_the_export_reads_a_year_and_says_what_it_wrote(place: Place, tmp_path: Path) -> None:
    said = StringIO()

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        call_command("export_training_data", workspace="world", to=tmp_path / "new", stdout=said)

    assert "campaigns.parquet: 60 rows" in said.getvalue()
    with pytest.raises(CommandError, match="There is no workspace 'nobody'"):
        call_command("export_training_data", workspace="nobody", to=tmp_path)
