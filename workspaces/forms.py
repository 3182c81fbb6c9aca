"""Forms of accounts, invitations, set-up and connections."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

from django import forms
from django.contrib.auth import forms as auth_forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, SELECT_CLASSES

from workspaces.hooks import ConnectionKind
from workspaces.models import BusinessMode, NotificationPreference, User, Workspace
from workspaces.roles import Role
from workspaces.services.accounts import telephone


class Dressed:
    """Gives the widgets of a form the look of the admin."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = " ".join(_classes(field.widget))


def _classes(widget: forms.Widget) -> list[str]:
    if isinstance(widget, forms.CheckboxInput):
        return CHECKBOX_CLASSES  # type: ignore[no-any-return]  # unfold has no types
    if isinstance(widget, forms.Select):
        return SELECT_CLASSES  # type: ignore[no-any-return]  # unfold has no types
    return INPUT_CLASSES  # type: ignore[no-any-return]  # unfold has no types


class LoginForm(Dressed, auth_forms.AuthenticationForm):
    """E-mail address and password."""

    error_messages = {
        "invalid_login": "This address and password do not match. Try again or reset the password.",
        "inactive": "This account is switched off; ask an admin.",
    }


class PasswordResetForm(Dressed, auth_forms.PasswordResetForm):
    """Where to send the link."""


class SetPasswordForm(Dressed, auth_forms.SetPasswordForm):  # type: ignore[type-arg]  # no generic at run time
    """A new password, twice."""


class PasswordChangeForm(Dressed, auth_forms.PasswordChangeForm):
    """The old password and a new one, twice."""


class CodeForm(Dressed, forms.Form):
    """A code of the authenticator app, or a backup code."""

    code = forms.CharField(
        label="Code",
        max_length=16,
        help_text="Six digits from your app, or one of your backup codes.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )

    def clean_code(self) -> str:
        """People type spaces between the digits."""
        return str(self.cleaned_data["code"]).replace(" ", "")


class NewPersonForm(Dressed, forms.Form):
    """Name and first password."""

    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150, required=False)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters, not a common one.",
    )
    password_again = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Both passwords must agree."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("password") != data.get("password_again"):
            self.add_error("password_again", "The two passwords differ; type them again.")
        return data


class FirstAdminForm(NewPersonForm):
    """The person who sets the installation up."""

    email = forms.EmailField(label="E-mail address")
    field_order = ("email", "first_name", "last_name", "password", "password_again")


class LongSelect(forms.Select):
    """A choice among hundreds, each of which Django would draw with templates of its own."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """The same HTML, without templates; the choices have no groups."""
        chosen = self.format_value(value)
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                (key, flatatt({"selected": str(key) in chosen}), label)
                for key, label in self.choices
            ),
        )
        attributes = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return format_html("<select{}>{}</select>", attributes, options)


class ProfileForm(Dressed, forms.Form):
    """Name and zone."""

    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    time_zone = forms.ChoiceField(
        required=False, widget=LongSelect, help_text="Empty: the workspace's zone."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [("", "Workspace's zone"), *zones()]  # type: ignore[attr-defined]  # a choice field


@cache
def zones() -> tuple[tuple[str, str], ...]:
    """Zones to choose from; read once, for it opens every file of the zone database."""
    return tuple((name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones()))


class PreferenceForm(Dressed, forms.ModelForm[NotificationPreference]):
    """How to hear of things in this workspace."""

    class Meta:
        model = NotificationPreference
        fields = ("email_at_once", "daily_digest", "digest_hour", "digest_by", "phone")
        labels = {"digest_by": "Digest by"}

    phone = forms.CharField(
        label="Telephone", max_length=30, required=False,
        help_text="Of your WhatsApp, such as +436601234567. Where it cannot come there, it is"
        " mailed.",
    )  # fmt: skip

    def clean_phone(self) -> str:
        """Take it as people write it."""
        return telephone(self.cleaned_data["phone"])


class DelegationForm(Dressed, forms.Form):
    """Who stands in, and until which day, included."""

    taker = forms.ModelChoiceField(User.objects.none(), label="Stand-in")
    until = forms.DateField(
        label="Until the end of", widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(max_length=300, required=False)

    def __init__(self, *args: Any, workspace: Workspace, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = workspace.zone
        members = User.objects.filter(memberships__workspace=workspace, is_active=True)
        self.fields["taker"].queryset = members.exclude(pk=user.pk).order_by("email")  # type: ignore[attr-defined]  # a model choice field

    def ends_at(self) -> datetime:
        """End of the chosen day in the workspace's zone."""
        day = self.cleaned_data["until"] + timedelta(days=1)
        return datetime.combine(day, time.min, tzinfo=self.zone)


class WorkspaceForm(Dressed, forms.ModelForm[Workspace]):
    """A new workspace."""

    mode = forms.ChoiceField(
        choices=BusinessMode.choices,
        help_text="Direct: revenue at the sale. Pipeline: value by stage of the deal.",
    )

    class Meta:
        model = Workspace
        fields = ("name", "slug", "currency", "time_zone", "mode")
        help_texts = {
            "slug": "Short name for addresses: letters, digits, hyphens.",
            "currency": "Three letters, such as EUR. Fixed once there are data.",
            "time_zone": "Days are cut in this zone. Fixed once there are data.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        select = LongSelect(choices=zones(), attrs={"class": " ".join(SELECT_CLASSES)})
        self.fields["time_zone"].widget = select

    def clean_currency(self) -> str:
        """Codes are upper-case; people need not be."""
        return str(self.cleaned_data["currency"]).upper()


class InviteForm(Dressed, forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.OPERATOR)


class SecretForm(Dressed, forms.Form):
    """The credentials of one kind of connection."""

    def __init__(self, *args: Any, kind: ConnectionKind, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(*args, **kwargs)
        for field in kind.fields:
            self.fields[field.name] = forms.CharField(
                label=field.label,
                help_text=field.help_text,
                required=field.is_required,
                widget=forms.PasswordInput(
                    attrs={"autocomplete": "off", "class": " ".join(INPUT_CLASSES)}
                ),
            )

    def secret(self) -> dict[str, str]:
        """What was entered, by field."""
        entered = ((field.name, self.cleaned_data[field.name]) for field in self.kind.fields)
        return {name: value for name, value in entered if value}


class ConnectionForm(SecretForm):
    """A new connection of one kind."""

    name = forms.CharField(max_length=120, help_text="How you will recognise it.")
    base_url = forms.URLField(
        label="Address",
        required=False,
        assume_scheme="https",
        help_text="Empty: the platform's own address.",
    )
