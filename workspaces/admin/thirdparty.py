"""Models of libraries: schedules, second factors, failed log-ins."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BaseClocked
from django_celery_beat.admin import CrontabScheduleAdmin as BaseCrontab
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from workspaces.modeladmin import ReadOnlyAdmin, WorkspaceModelAdmin
from workspaces.models import User, Workspace
from workspaces.roles import Role

OURS = (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule,
        TOTPDevice, StaticDevice, AccessAttempt, AccessFailureLog, AccessLog)  # fmt: skip
for _model in OURS:
    try:
        admin.site.unregister(_model)
    except NotRegistered:
        continue  # the library leaves this one to us


class InstallationAdmin(WorkspaceModelAdmin[Any]):
    """Rows of the whole installation: admins read them, a superuser among them sets them."""

    view_role = Role.ADMIN

    def scoped(self, rows: QuerySet[Any], workspace: Workspace) -> QuerySet[Any]:
        """All of them: they belong to nobody."""
        return rows

    def _is_keeper(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser) and self.allows(request, Role.ADMIN)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever keeps the installation."""
        return self._is_keeper(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever keeps the installation."""
        return self._is_keeper(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever keeps the installation."""
        return self._is_keeper(request)


class TaskWidget(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]  # the libraries have no types
    """Names of registered tasks, in the admin's dress."""


class ScheduleForm(PeriodicTaskForm):  # type: ignore[misc]  # the library has no types
    """A schedule row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(InstallationAdmin):
    """What beat starts, and how often. Changes hold from the next tick."""

    form = ScheduleForm
    fields = (
        "name", "enabled", "regtask", "task", "description", "interval", "crontab", "solar",
        "clocked", "start_time", "one_off", "last_run_at", "kwargs", "queue", "expire_seconds",
    )  # fmt: skip
    list_display = ("name", "enabled", "task", "interval", "crontab", "last_run_at")
    list_filter = ("enabled", "one_off")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    search_fields = ("name", "task")
    readonly_fields = ("last_run_at",)
    ordering = ("name",)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(InstallationAdmin):
    """Every so often."""

    list_display = ("__str__", "every", "period")
    ordering = ("period", "every")


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(InstallationAdmin):
    """At times of day."""

    list_display = ("__str__", *BaseCrontab.list_display[1:])
    ordering = ("pk",)


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(InstallationAdmin):
    """Once."""

    fields = BaseClocked.fields
    list_display = ("clocked_time",)
    ordering = ("-clocked_time",)


@admin.register(SolarSchedule)
class SolarScheduleAdmin(InstallationAdmin):
    """By the sun."""

    list_display = ("event", "latitude", "longitude")
    ordering = ("event",)


class DeviceAdmin(ReadOnlyAdmin[Any]):
    """Second factors of members; their keys are shown nowhere."""

    workspace_path = "user__memberships__workspace"
    view_role = Role.ADMIN
    list_display = ("user", "name", "confirmed")
    list_filter = ("confirmed",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("user__email",)
    fields = readonly_fields = ("user", "name", "confirmed", "throttling_failure_timestamp")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser among the admins helps whoever lost his phone."""
        return bool(request.user.is_superuser) and self.allows(request, Role.ADMIN)


admin.site.register(TOTPDevice, DeviceAdmin)
admin.site.register(StaticDevice, DeviceAdmin)


class AccessAdmin(ReadOnlyAdmin[Any]):
    """Log-ins and failed ones of members; other people's addresses are not ours to show."""

    view_role = Role.ADMIN
    list_display = ("attempt_time", "username", "ip_address", "path_info")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    ordering = ("-pk",)

    def scoped(self, rows: QuerySet[Any], workspace: Workspace) -> QuerySet[Any]:
        """By the members' addresses."""
        emails = User.objects.filter(memberships__workspace=workspace).values("email")
        return rows.filter(username__in=emails)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All but what was posted."""
        hidden = {"id", "get_data", "post_data", "session_hash"}
        model: type[Model] = self.model
        return tuple(f.name for f in model._meta.fields if f.name not in hidden)


for _model in (AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.register(_model, AccessAdmin)
