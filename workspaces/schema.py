"""The operation that makes all tables of an app with one rendering of the models' state.

Django renders the state anew after each `CreateModel`, `AddConstraint` and `AddTrigger`, and with
it every model that can be reached by a key: nearly all. Our 210 models took 85 s that way, not 6 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState


class Together(Operation):
    """Do operations on tables that stand already with one rendering of the models' state.

    None may need what another one of them makes in the state, but for checks of new columns: each
    sees the state before all of them and the state after.
    """

    category = OperationCategory.MIXED

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Forget what is rendered, so that adding renders nothing; who asks next renders all."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Do {len(self.operations)} operations at once"

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__name__, [], {"operations": self.operations}


class CreateModels(Together):
    """Make whole tables, with keys, checks, indexes and pgtrigger's triggers in their options.

    The order does not matter to keys, not even in a circle: Django adds them at the end of the
    migration. What refers to a later table must therefore be in a later migration, keys excepted.
    """

    category = OperationCategory.ADDITION

    def __init__(self, models: Sequence[CreateModel]) -> None:
        super().__init__(models)

    def describe(self) -> str:
        return f"Create {len(self.operations)} models"

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__name__, [], {"models": self.operations}
