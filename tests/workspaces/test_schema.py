"""Migrations: whole tables in one operation, and databases that older migrations made."""

from __future__ import annotations

import pgtrigger
import pytest
from django.db import connection, migrations, models
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from workspaces.schema import CreateModels

OURS = {"workspaces", "campaigns", "attribution", "experiments", "outreach", "mlops"}
LAST_OF_OLD = [
    ("campaigns", "0012_campaign_own"),
    ("attribution", "0011_appday_numbers"),
    ("experiments", "0008_test_origin"),
    ("outreach", "0011_channel_worth"),
    ("mlops", "0011_canary"),
]
ROWS_STAY = pgtrigger.Protect(name="rows_stay", operation=pgtrigger.Delete)


def _model(name: str, other: str) -> migrations.CreateModel:
    """A table that points to the other one."""
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("size", models.IntegerField(default=0)),
        ("other", models.ForeignKey(f"shelf.{other}", models.PROTECT, null=True)),
    ]
    options = {
        "triggers": [ROWS_STAY],
        "indexes": [models.Index(fields=["size"], name=f"{name.lower()}_size")],
        "constraints": [
            models.CheckConstraint(condition=models.Q(size__gte=0), name=f"{name.lower()}_positive")
        ],
    }
    return migrations.CreateModel(name, fields, options)


CIRCLE = CreateModels(models=[_model("Box", "Lid"), _model("Lid", "Box")])


def _rules(table: str) -> set[str]:
    """Names of the checks, keys, indexes and triggers of a table."""
    with connection.cursor() as cursor:
        found = set(connection.introspection.get_constraints(cursor, table))
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", [table])
        return found | {name for (name,) in cursor.fetchall()}


def test_tables_of_a_circle_have_their_rules_and_go_again(db):
    before, after = ProjectState(), ProjectState()
    CIRCLE.state_forwards("shelf", after)

    with connection.schema_editor(atomic=False) as editor:
        CIRCLE.database_forwards("shelf", editor, before, after)
    for table in ("box", "lid"):
        names = [name.split("_")[0] for name in _rules(f"shelf_{table}")]
        assert {f"{table}_size", f"{table}_positive"} <= _rules(f"shelf_{table}")
        assert "pgtrigger" in names
        assert any("_fk_" in name for name in _rules(f"shelf_{table}"))

    with connection.schema_editor(atomic=False) as editor:
        CIRCLE.database_backwards("shelf", editor, after, before)
    assert not {"shelf_box", "shelf_lid"} & set(connection.introspection.table_names())


def test_adding_models_renders_nothing():
    state = ProjectState()
    rendered = state.apps

    CIRCLE.state_forwards("shelf", state)

    assert "apps" not in state.__dict__
    assert state.apps is not rendered
    assert state.apps.get_model("shelf", "Box")._meta.get_field("other").related_model is (
        state.apps.get_model("shelf", "Lid")
    )


def test_the_operation_can_be_written_down():
    name, positional, named = CIRCLE.deconstruct()

    assert (name, positional) == ("CreateModels", [])
    assert CreateModels(**named).operations == CIRCLE.operations
    assert CIRCLE.describe() == "Create 2 models"


def _forget(names: set[tuple[str, str]]) -> None:
    recorder = MigrationRecorder(connection)
    for app, name in names:
        recorder.record_unapplied(app, name)


def _replacing() -> dict[tuple[str, str], list[tuple[str, str]]]:
    loader = MigrationExecutor(connection).loader
    return {key: old.replaces for key, old in loader.replacements.items() if key[0] in OURS}


def test_each_old_migration_is_replaced_once(db):
    olds = [old for replaced in _replacing().values() for old in replaced]

    assert len(olds) == len(set(olds)) == 50


def test_database_of_the_old_migrations_has_nothing_to_apply(db):
    _forget(set(_replacing()))

    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.parametrize("last", LAST_OF_OLD)
def test_database_amid_the_old_migrations_is_refused(db, last):
    _forget({*_replacing(), last})

    with pytest.raises(NodeNotFoundError, match="some of the replaced migrations"):
        MigrationExecutor(connection)
