"""What every admin class of ours stands on: rows of one workspace, rights by role.

List, object, autocomplete, choices of foreign keys, history and export all start from
``get_queryset``, which knows the request's workspace only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.contrib import messages
from django.contrib.admin.filters import FieldListFilter
from django.db.models import Field, Model, QuerySet, URLField
from django.db.models.fields.related import RelatedField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from unfold.decorators import display

from workspaces.cells import box_of
from workspaces.gate import GateError
from workspaces.history import history_of
from workspaces.listing import CappedPaginator, OwnRelatedFilter, related_rows
from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError
from workspaces.site import membership_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as UnfoldModelAdmin
    from django.contrib.admin import TabularInline as UnfoldTabularInline
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin
    from unfold.admin import TabularInline as UnfoldTabularInline

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)
F = TypeVar("F", bound=Callable[..., Any])

# A lookup by prefix would tell a secret letter by letter, even where no page shows it.
PRIVATE = frozenset(
    {"password", "secret", "previous_secret", "hashed_key", "key", "token", "session_key"}
)


class MemberRequest(HttpRequest):
    """A request that passed the site: a member in his workspace."""

    user: User
    workspace: Workspace
    membership: Membership


def member(request: HttpRequest) -> MemberRequest:
    """The request as the site let it in."""
    return cast(MemberRequest, request)


def column(
    description: str, *, ordering: str | None = None, label: dict[str, str] | None = None
) -> Callable[[F], F]:
    """Name a computed column; ``label`` maps its values to colours."""
    decorator: Callable[[F], F] = display(description=description, ordering=ordering, label=label)
    return decorator


def own(field: str) -> tuple[str, type[FieldListFilter]]:
    """Entry of ``list_filter`` for a foreign key."""
    return (field, OwnRelatedFilter)


class WorkspaceForm(ModelForm[M]):
    """A form whose new object belongs to the workspace before it is validated."""

    current_workspace: Workspace | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.current_workspace is not None and self.instance._state.adding:
            setattr(self.instance, "workspace", self.current_workspace)  # noqa: B010  # M has it

    def _get_validation_exclusions(self) -> set[str]:
        # Uniqueness within the workspace is judged with it, although no one enters it.
        exclude: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # Django's own
        return exclude - {"workspace"}


class WorkspaceModelAdmin(UnfoldModelAdmin[M]):
    """Admin of a model that belongs to workspaces.

    ``workspace_path`` leads from a row to its workspace; a role of ``None`` means nobody.
    """

    workspace_path = "workspace"
    view_role: Role | None = Role.VIEWER
    add_role: Role | None = None
    change_role: Role | None = None
    delete_role: Role | None = None
    #: What a list reads beside its rows, in a query of its own.
    list_prefetch_related: Sequence[str] = ()

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    list_fullwidth = True
    list_filter_submit = False
    warn_unsaved_form = True
    object_history_template = "admin/workspaces/object_history.html"

    # --- cells ----------------------------------------------------------------------------------

    def action_checkbox(self, obj: Model) -> SafeString:
        """Box that chooses a row for an action."""
        return box_of(obj.pk)

    action_checkbox.short_description = UnfoldModelAdmin.action_checkbox.short_description  # type: ignore[attr-defined]  # as Django reads it

    # --- rows -----------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Rows of the request's workspace; none without one."""
        rows = super().get_queryset(request)
        membership = membership_of(request)
        if membership is None:
            return rows.none()
        return self.scoped(rows.prefetch_related(*self.list_prefetch_related), membership.workspace)

    def scoped(self, rows: QuerySet[M], workspace: Workspace) -> QuerySet[M]:
        """Only rows of a workspace."""
        return rows.filter(**{self.workspace_path: workspace})

    def get_field_queryset(
        self,
        db: str | None,
        db_field: RelatedField[Any, Any],
        request: HttpRequest,
    ) -> QuerySet[Any] | None:
        """Choices of a foreign key: what the related model's own admin shows."""
        return related_rows(self.admin_site, db_field.remote_field.model, request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse to filter by secrets."""
        if PRIVATE & set(lookup.split("__")):
            return False
        return bool(super().lookup_allowed(lookup, value, cast(HttpRequest, request)))

    # --- rights ---------------------------------------------------------------------------------

    def allows(self, request: HttpRequest, role: Role | None) -> bool:
        """Whether the person holds a role himself. Lent rank signs; it does not configure."""
        membership = membership_of(request)
        return bool(role and membership and membership.rank >= role.rank)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app is listed."""
        return self.allows(request, self.view_role)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether rows may be read."""
        return self.allows(request, self.view_role)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether rows may be made here."""
        return self.allows(request, self.add_role)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether rows may be edited here."""
        return self.allows(request, self.change_role)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether rows may be removed here."""
        return self.allows(request, self.delete_role)

    def has_admin_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether actions for admins are offered."""
        return self.allows(request, Role.ADMIN)

    def has_operator_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether actions for operators are offered."""
        return self.allows(request, Role.OPERATOR)

    # --- forms ----------------------------------------------------------------------------------

    def has_workspace_field(self) -> bool:
        """Whether the row names its workspace itself."""
        return any(field.name == "workspace" for field in self.model._meta.fields)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody chooses the workspace: it is the session's."""
        return (*(super().get_exclude(request, obj) or ()), "workspace")

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        **kwargs: Any,
    ) -> type[ModelForm[M]]:
        """Form that puts a new row into the workspace."""
        if self.form is ModelForm:
            kwargs.setdefault("form", WorkspaceForm)
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, WorkspaceForm) and self.has_workspace_field():
            form.current_workspace = member(request).workspace
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An address without a scheme means https."""
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Tell in words what a service refused; its transaction is rolled back by then."""
        return self._told(
            request,
            lambda: super(WorkspaceModelAdmin, self).changeform_view(
                request, object_id, form_url, extra_context
            ),
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """As ``changeform_view``."""
        return self._told(
            request,
            lambda: super(WorkspaceModelAdmin, self).delete_view(request, object_id, extra_context),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """As ``changeform_view``: bulk deletion and actions run in here."""
        return self._told(
            request,
            lambda: super(WorkspaceModelAdmin, self).changelist_view(request, extra_context),
        )

    def _told(self, request: HttpRequest, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        try:
            return view()
        except (RefusedError, GateError) as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())

    # --- history --------------------------------------------------------------------------------

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what, as the database's triggers recorded it, beside the admin's own log."""
        found = self.get_object(request, object_id)
        events = history_of(found) if found is not None else []
        response: HttpResponse = super().history_view(
            request, object_id, {"events": events, **(extra_context or {})}
        )
        return response


class ReadOnlyAdmin(WorkspaceModelAdmin[M]):
    """Rows that machines write or that stand as history: read, never touched."""

    actions: Sequence[Any] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class ReadOnlyInline(UnfoldTabularInline[M, P]):
    """Children of a row, a page of them, to read."""

    extra = 0
    per_page = 10
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the parent."""
        return membership_of(request) is not None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


def fields_of(model: type[Model], *without: str) -> tuple[str, ...]:
    """Names of a model's own fields, for read-only pages."""
    return tuple(
        field.name
        for field in model._meta.fields
        if isinstance(field, Field) and field.name not in {"workspace", *without}
    )
