"""Pages of this package: drawn in the shell, refusals shown at the field they are about."""

from __future__ import annotations

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse

from workspaces.pages import show
from workspaces.services.refusals import RefusedError


def draw(
    request: HttpRequest, template: str, *, title: str, status: int = 200, **context: object
) -> HttpResponse:
    """Draw a page with its title."""
    if not request.user.is_authenticated:
        context["site_url"] = ""  # the frame's link to the site would lead back to the log-in
    return show(request, template, {"title": title, **context}, status=status)


def refuse(form: forms.BaseForm, error: ValidationError | RefusedError) -> None:
    """Show in a form what a service refused, at its field where it has one."""
    if isinstance(error, RefusedError):
        field = getattr(error, "field", "")
        form.add_error(field if field in form.fields else None, str(error))
        return
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, errors in error.error_dict.items():
        known = field in form.fields and field != NON_FIELD_ERRORS
        form.add_error(field if known else None, [text for one in errors for text in one.messages])
