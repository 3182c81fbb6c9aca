"""Changing and resetting a password: Django's views in the frame of the admin."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy

from workspaces.forms import PasswordChangeForm, PasswordResetForm, SetPasswordForm
from workspaces.models import User


class Framed:
    """Adds what the frame needs: names, colours, styles."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Context of the page inside its frame."""
        own: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # a mixin
        # The frame's link back to the site would only lead a stranger here again.
        return {**admin.site.each_context(self.request), "site_url": "", **own}


class PasswordChangeView(Framed, views.PasswordChangeView):
    """A new password for somebody who knows the old one; other browsers are logged out."""

    form_class = PasswordChangeForm
    template_name = "workspaces/password_change.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: auth_forms.PasswordChangeForm) -> HttpResponse:
        """Say that it worked."""
        messages.success(
            self.request, "Your password is changed; your other browsers are logged out."
        )
        return super().form_valid(form)


class PasswordResetView(Framed, views.PasswordResetView):
    """Ask for a link by mail; the answer does not tell whether the address is known."""

    form_class = PasswordResetForm
    template_name = "registration/reset.html"
    email_template_name = "registration/reset_mail.txt"
    subject_template_name = "registration/reset_subject.txt"
    # Not the Host header: whoever sends the request would choose where the link leads.
    extra_email_context = {"base_url": settings.PUBLIC_BASE_URL.rstrip("/")}


class PasswordResetDoneView(Framed, views.PasswordResetDoneView):
    """The link is on its way."""

    template_name = "registration/reset_sent.html"


class PasswordResetConfirmView(Framed, views.PasswordResetConfirmView):
    """A new password by the link."""

    form_class = SetPasswordForm
    template_name = "registration/reset_confirm.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: auth_forms.SetPasswordForm[User]) -> HttpResponse:
        """Say that it worked."""
        messages.success(self.request, "Your password is changed. Log in with it.")
        return super().form_valid(form)
