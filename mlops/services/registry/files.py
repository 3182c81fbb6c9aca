"""A version as one file, so that it travels between installations.

A zip of three entries: ``artefact.bin``, ``version.json`` (features, figures, card, where it came
from) and ``SHA256SUMS`` of both. It arrives as a challenger like any other.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final, cast
from zlib import error as ZlibError

from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import Artefact, Format, Trained
from mlops.models import ArtefactFormat, ModelArtefact, ModelVersion
from mlops.models.registry import LARGEST_BYTES
from mlops.services.registry.adding import DataWindow, add_version, code_now
from workspaces.gate import StateError
from workspaces.models import User, Workspace

_FILE_VERSION: Final = 1
_ARTEFACT, _VERSION, _SUMS = "artefact.bin", "version.json", "SHA256SUMS"
_LARGEST_TEXT = 1024 * 1024
_COPIED = (
    "format", "features", "levels", "seed", "rows", "held_out", "data_sha256", "code_version",
    "metrics", "baselines", "is_better", "verdict", "card", "sha256",
)  # fmt: skip


class BadFileError(StateError):
    """A file that holds no sound version; the text says what is wrong with it."""


def export_version(*, version: ModelVersion) -> bytes:
    """Write a version as one file.

    Raises
    ------
    StateError : its stored artefact no longer has its checksum
    """
    data = bytes(ModelArtefact.objects.get(version=version).data)
    if hashlib.sha256(data).hexdigest() != version.sha256:
        raise StateError(f"The artefact of {version} no longer has its checksum; train it again.")
    document = {
        "name": version.name,
        "version": version.version,
        "workspace": version.workspace.slug,
        "data_from": version.data_from.isoformat() if version.data_from else None,
        "data_until": version.data_until.isoformat() if version.data_until else None,
        **{name: getattr(version, name) for name in _COPIED},
    }
    return _packed(document, data)


def write_trained(*, trained: Trained, data: DataWindow, workspace: str) -> bytes:
    """Write a model that was trained where there is no database as one file.

    Parameters
    ----------
    workspace : slug of where its data came from
    """
    told = {
        name: getattr(trained, name)
        for name in _COPIED
        if name not in ("format", "sha256", "data_sha256", "code_version")
    }
    document = {
        **told,
        "name": trained.kind,
        "version": None,
        "workspace": workspace,
        "format": trained.artefact.format,
        "sha256": trained.artefact.sha256,
        "data_from": data.starts_on.isoformat() if data.starts_on else None,
        "data_until": data.ends_on.isoformat() if data.ends_on else None,
        "data_sha256": data.sha256,
        "code_version": code_now(),
    }
    return _packed(document, trained.artefact.data)


def import_version(
    *, workspace: Workspace, content: bytes, now: datetime, by: User | None = None
) -> ModelVersion:
    """Add the version in a file, once its checksums, its kind and its features agree.

    The model is loaded to see that it can be: call it where its library may be imported.

    Raises
    ------
    BadFileError : the file is damaged, parts of it were swapped, or the model cannot be read
    """
    parts = _parts(content)
    document = _document(parts[_VERSION])
    try:
        trained = _trained(document, parts[_ARTEFACT])
        window = DataWindow(
            _day(document["data_from"]), _day(document["data_until"]), document["data_sha256"]
        )
        origin = _origin(document)
        code_version = str(document["code_version"])[:60]
    except (KeyError, TypeError, ValueError) as error:
        raise BadFileError(f"{_VERSION} in the file does not say what it must: {error}.") from error
    _require_readable(trained)
    return add_version(
        workspace=workspace,
        trained=trained,
        data=window,
        by=by,
        by_label=origin[:200],
        code_version=code_version,
        now=now,
    )


def _packed(document: dict[str, Any], data: bytes) -> bytes:
    told = {"file_version": _FILE_VERSION, **document}
    text = json.dumps(told, indent=2, sort_keys=True).encode()
    return _zipped({_ARTEFACT: data, _VERSION: text})


def _origin(document: dict[str, Any]) -> str:
    if document["version"] is None:
        return f"Trained elsewhere on data of {document['workspace']}"
    return f"File of {document['workspace']}, version {document['version']}"


def _zipped(parts: dict[str, bytes]) -> bytes:
    """Pack with fixed times, so that equal versions are equal files."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in parts.items())
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in {**parts, _SUMS: sums.encode()}.items():
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _parts(content: bytes) -> dict[str, bytes]:
    """Unpack entries whose sizes and checksums are right."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as file:
            largest = {_ARTEFACT: LARGEST_BYTES, _VERSION: _LARGEST_TEXT, _SUMS: _LARGEST_TEXT}
            parts = {name: _entry(file, name, most) for name, most in largest.items()}
    except (zipfile.BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadFileError(f"The file is damaged ({error}); export it again.") from error
    lines = parts.pop(_SUMS).decode(errors="replace").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name, data in parts.items():
        if sums.get(name) != hashlib.sha256(data).hexdigest():
            raise BadFileError(f"{name} in the file is not the one it was written with.")
    return parts


def _entry(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        with file.open(name) as entry:
            data = entry.read(most + 1)
    except KeyError:
        raise BadFileError(f"This is no file of a model: it has no {name}.") from None
    if len(data) > most:
        raise BadFileError(f"{name} in the file is larger than {most:,} bytes.")
    return data


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadFileError(f"{_VERSION} in the file is no JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("file_version") != _FILE_VERSION:
        raise BadFileError(f"The file is of another kind or version than {_FILE_VERSION}.")
    return document


def _trained(document: dict[str, Any], data: bytes) -> Trained:
    if document["format"] not in ArtefactFormat.values:
        raise ValueError(f"there is no format {document['format']!r}")
    artefact = Artefact(cast(Format, document["format"]), data)
    if artefact.sha256 != document["sha256"]:
        raise ValueError("the artefact is another one than it describes")
    return Trained(
        kind=str(document["name"]),
        artefact=artefact,
        features=tuple(map(str, document["features"])),
        levels=_levels(document.get("levels", {})),
        metrics=_numbers(document["metrics"]),
        baselines={str(k): _numbers(v) for k, v in dict(document["baselines"]).items()},
        is_better=document["is_better"] is True,
        verdict=str(document["verdict"]),
        card=dict(document["card"]),
        seed=int(document["seed"]),
        rows=int(document["rows"]),
        held_out=int(document["held_out"]),
    )


def _numbers(found: dict[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in dict(found).items()}


def _levels(found: dict[str, Any]) -> dict[str, list[str] | None]:
    return {
        str(name): None if texts is None else list(map(str, texts))
        for name, texts in dict(found).items()
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _require_readable(trained: Trained) -> None:
    kind = KINDS.get(trained.kind)
    if kind is None:
        known = ", ".join(sorted(KINDS))
        raise BadFileError(f"This installation knows no model {trained.kind!r}; known: {known}.")
    try:
        model = kind.load(trained.artefact)
    except ValueError as error:
        raise BadFileError(f"The artefact is no {kind.label}: {error}.") from error
    if model.features != trained.features:
        raise BadFileError("The artefact reads other features than the file says.")
