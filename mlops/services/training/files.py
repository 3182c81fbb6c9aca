"""What models learn from as files, so that they can be trained where there is no database.

A folder of Parquet files and ``manifest.json``, which tells of each its columns, rows and checksum.
Nobody can be told from it: users have neither id nor name here, campaigns only a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.campaign_days import FIGURES, TRAITS, CampaignDays
from mlops.selectors.app_users import AppUsers
from mlops.services.training.sources import Source
from workspaces.services.refusals import RefusedError

FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
USERS, CAMPAIGNS, DAYS = "users.parquet", "campaigns.parquet", "campaign_days.parquet"
#: Columns of the users' file that are no features.
_INSTALLED, _VALUE, _LEFT = "installed_on", "later_value", "has_left"
_TARGETS: Final = (_INSTALLED, _VALUE, _LEFT)

Columns = Mapping[str, npt.NDArray[Any]]


class BadDataError(RefusedError):
    """A folder that holds no sound training data; the text says what is wrong with it."""


def write_training_data(
    *, source: Source, folder: Path, workspace: str, now: datetime
) -> dict[str, int]:
    """Write what models learn from into a folder, and tell how many rows each file has.

    The manifest is written last, so a folder without one is not whole.

    Parameters
    ----------
    workspace : slug under which models say where their data came from
    """
    users, days = source.users, source.campaign_days
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    files = {
        USERS: {
            **users.rows,
            _INSTALLED: users.installed_on,
            _VALUE: users.later_value,
            _LEFT: users.has_left,
        },
        CAMPAIGNS: {"started_on": days.started_on, **days.traits},
        DAYS: {"campaign": days.campaign, "day": days.day, **days.figures},
    }
    written = {name: _write(folder / name, columns) for name, columns in files.items()}
    manifest = {
        "format": FORMAT_VERSION,
        "workspace": workspace,
        "written_at": now.isoformat(),
        "data_sha256": {"users": users.sha256, "campaign_days": days.sha256},
        "files": written,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    return {name: told["rows"] for name, told in written.items()}


@dataclass(frozen=True)
class FromFiles:
    """Rows to learn from, out of a folder that `write_training_data` wrote."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the folder says of itself.

        Raises
        ------
        BadDataError : there is none, or it is of another format
        """
        try:
            told = json.loads((self.folder / MANIFEST).read_text())
        except (OSError, ValueError) as error:
            raise BadDataError(
                f"{self.folder} holds no readable {MANIFEST}; write it with export_training_data."
            ) from error
        if not isinstance(told, dict) or told.get("format") != FORMAT_VERSION:
            raise BadDataError(
                f"{MANIFEST} is not of format {FORMAT_VERSION}; export the data again with this"
                " version."
            )
        return told

    @property
    def workspace(self) -> str:
        """Slug of where the data came from."""
        return str(self.manifest["workspace"])

    @cached_property
    def users(self) -> AppUsers:
        """Users, in the order in which they were written."""
        columns = self._read(USERS)
        return AppUsers(
            keys=np.arange(len(columns[_INSTALLED])),
            rows={name: values for name, values in columns.items() if name not in _TARGETS},
            installed_on=columns[_INSTALLED].astype("datetime64[D]"),
            later_value=columns[_VALUE].astype(np.float64),
            has_left=columns[_LEFT].astype(np.bool_),
            sha256=str(self.manifest["data_sha256"]["users"]),
        )

    @cached_property
    def campaign_days(self) -> CampaignDays:
        """Days of campaigns, in the order in which they were written."""
        campaigns, days = self._read(CAMPAIGNS), self._read(DAYS)
        return CampaignDays(
            campaign=days["campaign"].astype(np.int64),
            day=days["day"].astype("datetime64[D]"),
            figures={name: days[name].astype(np.float64) for name in FIGURES},
            keys=np.arange(len(campaigns["started_on"])),
            started_on=campaigns["started_on"].astype("datetime64[D]"),
            traits={name: campaigns[name].astype(np.str_) for name in TRAITS},
            sha256=str(self.manifest["data_sha256"]["campaign_days"]),
        )

    def _read(self, name: str) -> dict[str, npt.NDArray[Any]]:
        import pyarrow.parquet as parquet

        path = self.folder / name
        try:
            if _checksum(path) != self.manifest["files"][name]["sha256"]:
                raise BadDataError(f"{name} is not the file that {MANIFEST} tells of.")
            table = parquet.read_table(path)
        except (OSError, KeyError) as error:
            raise BadDataError(f"{name} cannot be read: {error}.") from error
        columns = {column: table.column(column).to_numpy() for column in table.column_names}
        return {
            column: values.astype(np.str_) if values.dtype == object else values
            for column, values in columns.items()
        }


def _write(path: Path, columns: Columns) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    parquet.write_table(table, path, compression="zstd")
    return {
        "rows": table.num_rows,
        "sha256": _checksum(path),
        "columns": {field.name: str(field.type) for field in table.schema},
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
