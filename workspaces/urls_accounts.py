"""Paths of accounts, set-up, connections, notices and health."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path
from django.views.generic import RedirectView

from workspaces.views import (
    accounts,
    connections,
    health,
    login,
    metrics,
    notices,
    passwords,
    start,
    two_step,
)

urlpatterns = [
    # Before the admin's own log-in, which knows no second step.
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("accounts/login/", login.LoginView.as_view(), name="login"),
    path("accounts/login/code/", login.login_code, name="login-code"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/invitations/<str:token>/", login.accept_invitation, name="accept-invitation"),
    path("accounts/password/", passwords.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/reset/", passwords.PasswordResetView.as_view(), name="password_reset"),
    path(
        "accounts/reset/sent/",
        passwords.PasswordResetDoneView.as_view(),
        name="password_reset_done",
    ),
    path(
        "accounts/reset/<uidb64>/<token>/",
        passwords.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path("account/", accounts.account, name="account"),
    path("account/profile/", accounts.save_profile, name="account-profile"),
    path("account/preferences/", accounts.save_preferences, name="account-preferences"),
    path("account/delegations/", accounts.add_delegation, name="account-delegate"),
    path("account/delegations/<int:pk>/end/", accounts.end_delegation, name="account-delegate-end"),
    path("account/sessions/end/", accounts.end_session, name="account-session-end"),
    path("account/two-step/", two_step.two_step, name="two-step"),
    path("account/two-step/begin/", two_step.begin, name="two-step-begin"),
    path("account/two-step/confirm/", two_step.confirm, name="two-step-confirm"),
    path("account/two-step/off/", two_step.turn_off, name="two-step-off"),
    path("workspaces/switch/", accounts.switch_workspace, name="switch-workspace"),
    path("start/", start.start, name="start"),
    path("start/admin/", start.first_admin, name="start-admin"),
    path("start/workspace/", start.new_workspace, name="start-workspace"),
    path("start/invite/", start.invite, name="start-invite"),
    path("start/invite/<int:pk>/revoke/", start.revoke_invitation, name="invitation-revoke"),
    path("connections/", connections.connection_list, name="connections"),
    path("connections/new/<slug:kind>/", connections.new_connection, name="connection-new"),
    path("connections/<uuid:public_id>/secret/", connections.new_secret, name="connection-secret"),
    path("connections/<uuid:public_id>/test/", connections.try_connection, name="connection-test"),
    path(
        "connections/<uuid:public_id>/pause/",
        connections.set_paused,
        {"is_paused": True},
        name="connection-pause",
    ),
    path(
        "connections/<uuid:public_id>/resume/",
        connections.set_paused,
        {"is_paused": False},
        name="connection-resume",
    ),
    path("notices/", notices.notice_list, name="notices"),
    path("notices/bell/", notices.bell, name="notices-bell"),
    path("notices/read/", notices.read_all, name="notices-read-all"),
    path("notices/<int:pk>/read/", notices.read, name="notice-read"),
    re_path(r"^(?:healthz|health|health/live|api/health)/?$", health.live, name="healthz"),
    re_path(r"^(?:readyz|health/ready)/?$", health.ready, name="readyz"),
    path("metrics", metrics.figures, name="metrics"),
]
