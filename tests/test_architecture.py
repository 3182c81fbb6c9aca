"""Rules of the code base that no import check sees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model

from config.celery import app as celery
from config.schedule import BEAT_SCHEDULE

ROOT = Path(settings.BASE_DIR)
# Lower first: an app knows those before it.
ORDER = ("workspaces", "campaigns", "attribution", "experiments", "outreach", "inbox", "mlops")
MODELS = [model for model in apps.get_models() if model._meta.app_label in ORDER]


@cache
def _modules() -> list[tuple[Path, ast.Module]]:
    """Every module of our apps but migrations, parsed."""
    return [
        (path.relative_to(ROOT), ast.parse(path.read_text()))
        for app in ORDER
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_the_models_of_all_installed_apps_are_looked_at():
    assert {"workspaces", "campaigns", "mlops"} <= {model._meta.app_label for model in MODELS}


def test_relations_point_down():
    """A string such as "mlops.SamplerDecision" is no import, so only the models show it."""
    upward = [
        f"{model._meta.label}.{field.name} → {target._meta.label}"
        for model in MODELS
        for field in model._meta.get_fields(include_hidden=False)
        if field.is_relation and not field.auto_created and (target := field.related_model)
        if target._meta.app_label in ORDER
        and ORDER.index(target._meta.app_label) > ORDER.index(model._meta.app_label)
    ]

    assert upward == []


def test_no_app_imports_the_configuration_or_the_sandbox():
    found = [
        f"{path}: {name}"
        for path, tree in _modules()
        for name in _imports(tree)
        if name.partition(".")[0] in ("config", "sandbox")
    ]

    assert found == []


# What costs a process's start a fifth of a second and more, and few processes use: the libraries,
# and the modules of ours that are only imported where they are needed.
HEAVY = (
    "anthropic", "faiss", "gymnasium", "httpx2", "matplotlib", "openai", "pandas", "pydantic_ai",
    "safetensors", "scipy.stats", "seaborn", "sklearn", "stable_baselines3", "statsmodels", "torch",
    "xgboost",
)  # fmt: skip
LATE = (
    "campaigns.engine.advice.answer", "mlops.engine.boards.pictures.budget",
    "mlops.engine.boards.pictures.forecast", "mlops.engine.boards.pictures.lines",
    "mlops.engine.boards.pictures.style", "mlops.engine.budget.dqn",
    "mlops.engine.budget.environment", "mlops.engine.learning.devices",
    "mlops.engine.learning.epochs", "mlops.engine.learning.forecast.net_training",
    "mlops.engine.learning.ziln",
    "mlops.services.winners.indexes", "mlops.services.winners.snapshots",
    "workspaces.engine.embedding.index", "workspaces.engine.embedding.minilm",
    "workspaces.reports.drawing", "workspaces.reports.paper",
)  # fmt: skip
# Run by hand, never imported by the system.
PROGRAMS = "mlops.simulation."


def _at_the_start(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_nothing_heavy_is_imported_at_the_start():
    found = [
        f"{path}: {name}"
        for path, tree in _modules()
        if not ".".join(path.with_suffix("").parts).startswith((PROGRAMS, *LATE))
        for name in _at_the_start(tree)
        if f"{name}.".startswith(tuple(f"{one}." for one in (*HEAVY, *LATE)))
    ]

    assert found == []


def test_every_model_has_an_admin_page():
    through = {
        field.remote_field.through
        for model in MODELS
        for field in model._meta.many_to_many
        if field.remote_field.through._meta.auto_created
    }
    missing = set(MODELS) - set(admin.site._registry) - through

    assert {model._meta.label for model in missing} == set()


# People and their browsers; and runs of jobs of the installation, such as clearing.
SHARED = {"workspaces.User", "workspaces.Session", "workspaces.Workspace", "workspaces.JobRun"}


def test_every_row_reaches_one_workspace():
    rows = [m for m in MODELS if m._meta.managed and m._meta.label not in SHARED]
    lost = [model._meta.label for model in rows if not _way_to_workspace(model)]

    assert len(rows) > 30
    # Its history, whose object is the workspace.
    assert lost == ["workspaces.WorkspaceEvent"]


def _way_to_workspace(model: type[Model], depth: int = 3) -> bool:
    fields = {field.name: field for field in model._meta.get_fields() if field.concrete}
    own = fields.get("workspace") or fields.get("workspace_id")
    if own is not None:
        return not own.null
    parents = [
        field.related_model
        for field in fields.values()
        if field.is_relation and not field.null and field.related_model in MODELS
    ]
    return depth > 0 and any(_way_to_workspace(parent, depth - 1) for parent in parents)


def test_every_entry_of_the_schedule_names_a_task():
    celery.loader.import_default_modules()

    unknown = {name: entry["task"] for name, entry in BEAT_SCHEDULE.items()
               if entry["task"] not in celery.tasks}  # fmt: skip

    assert BEAT_SCHEDULE
    assert unknown == {}
    assert [name for name, entry in BEAT_SCHEDULE.items() if not entry["schedule"]] == []


def test_tasks_of_ours_are_named_for_their_app_and_take_unknown_words():
    celery.loader.import_default_modules()
    ours = [
        task for task in celery.tasks.values() if type(task).__module__.partition(".")[0] in ORDER
    ]

    assert len(ours) >= len({entry["task"] for entry in BEAT_SCHEDULE.values()})
    for task in ours:
        # Celery refuses to send it otherwise, and only the log of beat would say so.
        assert (task.soft_time_limit or 0) <= task.time_limit, task.name
        assert task.name.partition(".")[0] == type(task).__module__.partition(".")[0]
        code = task.run.__code__
        assert code.co_flags & 0x08, f"{task.name} fails on a word of a newer sender"
        assert code.co_argcount <= int(task.__bound__ if hasattr(task, "__bound__") else 0), (
            f"{task.name} takes positional arguments"
        )


def _public_services() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path, tree in _modules():
        if path.parts[1] == "services" or path.name == "services.py":
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield path, node


def _used_by_doors() -> set[str]:
    """Dotted names of what doors take from services, by import or through a module."""
    used = set()
    for path, tree in _modules():
        if not _is_door(path):
            continue
        imported = {
            name.asname or name.name: f"{node.module}.{name.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and ".services" in node.module
            for name in node.names
        }
        used |= set(imported.values())
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used.add(f"{imported.get(node.value.id)}.{node.attr}")
    return used


def test_doors_call_use_cases_by_keyword_only():
    """Who acts, when, and on what can then not be taken for each other."""
    used = _used_by_doors()
    use_cases = [
        (path, node)
        for path, node in _public_services()
        if f"{'.'.join(path.with_suffix('').parts).removesuffix('.__init__')}.{node.name}" in used
        and {"by", "now", "workspace"} & {word.arg for word in _arguments(node)}
    ]
    loose = [f"{path}: {node.name}" for path, node in use_cases if node.args.args]

    assert len(use_cases) > 30
    assert loose == []


def test_no_service_of_the_gate_takes_who_or_when_by_position():
    """The same among the gate's services: a locked row may stand first, then words."""
    loose = [
        f"{path}: {node.name}({word.arg})"
        for path, node in _public_services()
        if path.parts[0] == "workspaces"
        for word in node.args.args
        if word.arg in ("by", "now")
    ]

    assert loose == []


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    return [*node.args.args, *node.args.kwonlyargs]


def _is_door(path: Path) -> bool:
    doors = {"views", "api", "admin", "tasks", "management", "webhooks"}
    return path.parts[1].removesuffix(".py") in doors


def test_doors_read_no_table_whole():
    """Every read starts from a workspace: no ``objects.all()``, no bare ``objects.get(pk=…)``."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in _modules()
        if path.parts[1].removesuffix(".py") in {"views", "api", "webhooks"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr in ("objects", "_default_manager")
        and (node.func.attr == "all" or _is_bare_get(node))
    ]

    assert found == []


def _is_bare_get(call: ast.Call) -> bool:
    words = {word.arg for word in call.keywords}
    return call.func.attr == "get" and not any(w and "workspace" in w for w in words)  # type: ignore[attr-defined]  # an Attribute


def test_doors_write_no_rows():
    """A door translates; the change of a row of ours is a service's."""
    ours = {model.__name__ for model in MODELS}
    writes = {"create", "bulk_create", "bulk_update", "update_or_create", "get_or_create"}
    found = [
        f"{path}:{node.lineno}"
        for path, tree in _modules()
        if path.parts[1].removesuffix(".py") in {"views", "tasks", "webhooks"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in writes
        and ours & {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
    ]

    assert found == []
