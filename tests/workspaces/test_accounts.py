"""Log-in, second step, passwords, the account page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django import forms
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.asserts import assertHTMLEqual

from tests.workspaces.factories import MembershipFactory, UserFactory
from workspaces.forms import ProfileForm
from workspaces.models import Delegation, NotificationPreference, Session
from workspaces.services import accounts

PASSWORD = "correct horse battery"
NEW_PASSWORD = "violet anchor 71"


def _login(client: Client, email: str, password: str = PASSWORD, **extra: str):
    data = {"username": email, "password": password, **extra}
    return client.post(reverse("login"), data)


def _code(device: TOTPDevice) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"


@pytest.fixture
def device(viewer) -> TOTPDevice:
    return TOTPDevice.objects.create(user=viewer, name="app", confirmed=True)


@pytest.fixture
def axes(settings):
    settings.AXES_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = [
        "axes.backends.AxesStandaloneBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]


def test_login_by_mail_address_in_any_case(viewer, client):
    answer = _login(client, viewer.email.upper())

    assert answer.url == "/home/"
    assert client.session["_auth_user_id"] == str(viewer.pk)


def test_login_leads_where_one_wanted_to_go_but_not_elsewhere(viewer):
    assert _login(Client(), viewer.email, next="/account/").url == "/account/"
    assert _login(Client(), viewer.email, next="https://evil.example/").url == "/home/"


def test_person_without_workspace_lands_at_the_start(client, db):
    person = UserFactory()

    assert _login(client, person.email).url == reverse("start")


@pytest.mark.parametrize("email", ["viewer@acme.example", "nobody@acme.example"])
def test_wrong_password_is_refused_in_the_same_words_for_everybody(viewer, client, email):
    answer = _login(client, email, "wrong")

    assert "do not match" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_inactive_person_cannot_log_in(viewer, client):
    viewer.is_active = False
    viewer.save(update_fields=["is_active"])

    assert "do not match" in _login(client, viewer.email).content.decode()
    assert "_auth_user_id" not in client.session


def test_five_wrong_passwords_lock_even_the_right_one_out(viewer, client, axes):
    answers = [_login(client, viewer.email, "wrong").status_code for _ in range(5)]
    locked = _login(client, viewer.email)

    assert answers == [200, 200, 200, 200, 429]
    assert locked.status_code == 429
    assert "locked for 15 minutes" in locked.content.decode()
    assert "_auth_user_id" not in client.session


def test_logout_is_a_post(viewer, client_as):
    client = client_as(viewer)

    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == reverse("login")
    assert not Session.objects.filter(user=viewer).exists()


def test_password_alone_is_not_enough_with_a_device(viewer, client, device):
    answer = _login(client, viewer.email, next="/account/")
    assert answer.url == reverse("login-code")
    assert "_auth_user_id" not in client.session
    assert client.get("/account/").status_code == 302

    wrong = client.post(reverse("login-code"), {"code": "000000"})
    assert (wrong.status_code, "_auth_user_id" in client.session) == (422, False)


def test_code_of_the_device_opens_and_works_once(viewer, device):
    code = _code(device)
    client, thief = Client(), Client()
    for browser in (client, thief):
        _login(browser, viewer.email, next="/account/")

    assert client.post(reverse("login-code"), {"code": code}).url == "/account/"
    assert thief.post(reverse("login-code"), {"code": code}).status_code == 422
    assert client.session["_auth_user_id"] == str(viewer.pk)
    assert "_auth_user_id" not in thief.session


def test_device_slows_guessing_down(viewer, client, device):
    _login(client, viewer.email)
    client.post(reverse("login-code"), {"code": "000000"})

    assert client.post(reverse("login-code"), {"code": _code(device)}).status_code == 422


def test_second_step_ends_after_ten_minutes(viewer, client, device, time_machine_at):
    _login(client, viewer.email)
    time_machine_at(timedelta(minutes=11))

    assert client.post(reverse("login-code"), {"code": _code(device)}).url == reverse("login")
    assert "_auth_user_id" not in client.session


@pytest.fixture
def time_machine_at():
    import time_machine

    travels = []

    def travel(ahead: timedelta) -> None:
        travels.append(time_machine.travel(timezone.now() + ahead, tick=False))
        travels[-1].start()

    yield travel
    for one in travels:
        one.stop()


def test_second_step_is_set_up_by_scanning_and_a_first_code(viewer, client_as):
    client = client_as(viewer)
    assert client.get(reverse("two-step")).context["qr_code"] == ""
    client.post(reverse("two-step-begin"))
    page = client.get(reverse("two-step"))
    device = TOTPDevice.objects.get(user=viewer)
    assert page.context["qr_code"].startswith("data:image/svg+xml;base64,")
    assert not device.confirmed

    codes = client.post(reverse("two-step-confirm"), {"code": _code(device)}).context["codes"]

    device.refresh_from_db()
    assert device.confirmed
    assert len(set(codes)) == 10
    browser = Client()
    _login(browser, viewer.email)
    assert browser.post(reverse("login-code"), {"code": codes[0]}).url == "/home/"
    assert StaticToken.objects.filter(device__user=viewer).count() == 9


def test_wrong_first_code_turns_nothing_on(viewer, client_as):
    client = client_as(viewer)
    client.post(reverse("two-step-begin"))

    assert client.post(reverse("two-step-confirm"), {"code": "000000"}).status_code == 422
    assert not TOTPDevice.objects.get(user=viewer).confirmed


def test_turning_off_needs_a_code(viewer, client_as, device):
    client = client_as(viewer)

    assert client.post(reverse("two-step-off"), {"code": "1"}).status_code == 422
    assert TOTPDevice.objects.filter(user=viewer).exists()
    device.refresh_from_db()
    device.throttle_reset()
    assert client.post(reverse("two-step-off"), {"code": _code(device)}).status_code == 302
    assert not TOTPDevice.objects.filter(user=viewer).exists()


def test_admin_site_uses_the_same_door(client, db):
    answer = client.get("/admin/login/?next=/admin/")

    assert answer.url == "/accounts/login/?next=/admin/"


def test_reset_link_sets_a_new_password_once(viewer, client, settings):
    answer = client.post(
        reverse("password_reset"), {"email": viewer.email}, headers={"Host": "localhost"}
    )
    assert answer.url == reverse("password_reset_done")
    assert f"{settings.PUBLIC_BASE_URL}/accounts/reset/" in mail.outbox[0].body
    path = re.search(r"/accounts/reset/\S+", mail.outbox[0].body).group()

    form = client.get(path, follow=True).request["PATH_INFO"]
    client.post(form, {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD})

    viewer.refresh_from_db()
    assert viewer.check_password(NEW_PASSWORD)
    assert "used already" in Client().get(path, follow=True).content.decode()


def test_reset_of_an_unknown_address_looks_the_same(client, db):
    answer = client.post(reverse("password_reset"), {"email": "nobody@example.com"})

    assert answer.url == reverse("password_reset_done")
    assert mail.outbox == []


def test_weak_password_is_refused_in_words(viewer, client_as):
    answer = client_as(viewer).post(
        reverse("password_change"),
        {"old_password": PASSWORD, "new_password1": "1234", "new_password2": "1234"},
    )

    assert "too short" in answer.content.decode()
    viewer.refresh_from_db()
    assert viewer.check_password(PASSWORD)


def test_new_password_logs_the_other_browsers_out(viewer, client_as):
    client, other = client_as(viewer), client_as(viewer)
    data = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD}
    client.post(reverse("password_change"), {**data, "new_password2": NEW_PASSWORD})

    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


def test_sessions_are_listed_and_ended(viewer, client_as):
    phone = Client(headers={"User-Agent": "Phone 1"})
    _login(phone, viewer.email)
    client = client_as(viewer)
    page = client.get(reverse("account"))
    [listed] = [one for one in page.context["browsers"] if not one.is_this]
    assert listed.name == "Phone 1"
    assert phone.session.session_key not in page.content.decode()

    client.post(reverse("account-session-end"), {"session": listed.handle})

    assert phone.get(reverse("account")).status_code == 302
    assert client.get(reverse("account")).status_code == 200


def test_nobody_ends_the_session_of_another(viewer, outsider, client_as):
    victim = client_as(viewer)
    handle = accounts.session_handle(victim.session.session_key)

    client_as(outsider).post(reverse("account-session-end"), {"session": handle})

    assert victim.get(reverse("account")).status_code == 200


@pytest.mark.parametrize("zone", ["", "America/Argentina/Buenos_Aires", "UTC"])
def test_zones_are_drawn_as_django_draws_a_choice(zone):
    ours = ProfileForm(initial={"time_zone": zone})
    theirs = ProfileForm(initial={"time_zone": zone})
    plain = theirs.fields["time_zone"]
    plain.widget = forms.Select(attrs=plain.widget.attrs, choices=plain.choices)

    drawn = str(ours["time_zone"])

    assertHTMLEqual(drawn, str(theirs["time_zone"]))
    assert drawn.count(" selected") == 1


def test_profile_is_saved_and_nonsense_refused(viewer, client_as):
    client = client_as(viewer)
    client.post(reverse("account-profile"), {"first_name": "Vi", "time_zone": "Asia/Tokyo"})
    bad = client.post(reverse("account-profile"), {"first_name": "X", "time_zone": "Mars/Base"})

    viewer.refresh_from_db()
    assert (viewer.first_name, viewer.time_zone) == ("Vi", "Asia/Tokyo")
    assert bad.status_code == 422


def test_preferences_are_saved_and_nonsense_refused(workspace, viewer, client_as):
    client = client_as(viewer)
    data = {
        "workspace": str(workspace.public_id), "daily_digest": "on", "digest_by": "whatsapp",
        "phone": "+43 660 / 123-45-67",
    }  # fmt: skip
    client.post(reverse("account-preferences"), {**data, "digest_hour": "17"})
    bad = client.post(reverse("account-preferences"), {**data, "digest_hour": "24"})

    stored = NotificationPreference.objects.get()
    assert (stored.user, stored.workspace, stored.digest_hour) == (viewer, workspace, 17)
    assert (stored.email_at_once, stored.daily_digest, bad.status_code) == (False, True, 422)
    assert (stored.digest_by, stored.phone) == ("whatsapp", "+436601234567")


@pytest.mark.parametrize("phone", ["", "0660 1234567", "+43 call me"])
def test_a_digest_by_whatsapp_wants_a_number(workspace, viewer, client_as, phone):
    data = {
        "workspace": str(workspace.public_id), "digest_hour": "8", "digest_by": "whatsapp",
        "phone": phone,
    }  # fmt: skip
    answer = client_as(viewer).post(reverse("account-preferences"), data)

    assert answer.status_code == 422
    assert not NotificationPreference.objects.exists()
    with pytest.raises(ValidationError):
        accounts.update_preferences(
            workspace=workspace, user=viewer, email_at_once=True, daily_digest=True,
            digest_hour=8, digest_by="whatsapp", phone=phone,
        )  # fmt: skip


def test_stand_in_until_the_end_of_a_day_in_the_workspace_zone(
    workspace, approver, operator, outsider, client_as
):
    workspace.time_zone = "America/New_York"
    workspace.save(update_fields=["time_zone"])
    client = client_as(approver)
    data = {"workspace": str(workspace.public_id), "until": "2099-07-01"}
    stranger = client.post(reverse("account-delegate"), {**data, "taker": outsider.pk})
    client.post(reverse("account-delegate"), {**data, "taker": operator.pk})

    lent = Delegation.objects.get()
    assert (lent.giver, lent.taker, stranger.status_code) == (approver, operator, 422)
    assert lent.ends_at.isoformat() == "2099-07-02T04:00:00+00:00"


def test_only_the_giver_ends_it(workspace, approver, operator, client_as, now):
    lent = Delegation.objects.create(
        workspace=workspace,
        giver=approver,
        taker=operator,
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=9999),
    )
    path = reverse("account-delegate-end", args=[lent.pk])
    data = {"workspace": str(workspace.public_id)}

    assert client_as(operator).post(path, data).status_code == 404
    client_as(approver).post(path, data)
    lent.refresh_from_db()
    assert lent.ends_at < now + timedelta(days=9999)


def test_switching_reaches_only_own_workspaces(viewer, workspace, other_workspace, client_as):
    client = client_as(viewer)
    target = {"to": str(other_workspace.public_id), "next": "/account/"}

    assert client.post(reverse("switch-workspace"), target).status_code == 403
    assert client.post(reverse("switch-workspace"), {"to": "nonsense"}).status_code == 403
    assert client.session["workspace_id"] == workspace.pk
    MembershipFactory(workspace=other_workspace, user=viewer)
    assert client.post(reverse("switch-workspace"), target).url == "/account/"
    assert client.session["workspace_id"] == other_workspace.pk


def test_form_of_another_tab_is_refused(viewer, other_workspace, client_as):
    data = {"workspace": str(other_workspace.public_id), "digest_hour": "3"}

    answer = client_as(viewer).post(reverse("account-preferences"), data)

    assert answer.status_code == 409
    assert not NotificationPreference.objects.exists()


def test_account_page_needs_few_queries(viewer, client_as, django_assert_max_num_queries):
    client = client_as(viewer)

    with django_assert_max_num_queries(12):
        assert client.get(reverse("account")).status_code == 200


def test_a_browser_stays_where_it_is_when_another_one_goes_elsewhere(
    viewer, workspace, other_workspace, now
):
    MembershipFactory(user=viewer, workspace=other_workspace)
    first, second = Client(), Client()
    for browser in (first, second):
        _login(browser, viewer.email)
    here = first.get("/approvals/").wsgi_request.workspace
    there = other_workspace if here == workspace else workspace

    form = {"to": str(there.public_id), "workspace": str(here.public_id)}
    assert second.post(reverse("switch-workspace"), form).status_code == 302

    assert second.get("/approvals/").wsgi_request.workspace == there
    assert first.get("/approvals/").wsgi_request.workspace == here
