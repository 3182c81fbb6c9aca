"""Paths of campaigns, policy and calibration."""

from __future__ import annotations

from django.urls import path, re_path

from campaigns.views import accounts, calibration, dashboards, entities, policy, scenarios, watch

_ENTITY = r"^campaigns/(?P<entity_type>campaign|adset|ad)/(?P<public_id>[0-9a-f-]{36})/"

urlpatterns = [
    path("dashboards/", dashboards.overview, name="overview"),
    path("dashboards/recommendation/", dashboards.new_advice, name="advice-new"),
    path(
        "dashboards/recommendation/<uuid:public_id>/send/",
        dashboards.send_advice,
        name="advice-send",
    ),
    path("dashboards/paid-media/", dashboards.paid_media, name="paid-media"),
    path("dashboards/signals/", watch.signals, name="signals"),
    path(
        "dashboards/signals/<uuid:public_id>/dismiss/", watch.signal_dismiss, name="signal-dismiss"
    ),
    path(
        "dashboards/signals/<uuid:public_id>/restore/", watch.signal_restore, name="signal-restore"
    ),
    path(
        "dashboards/signals/<uuid:public_id>/propose/", watch.signal_propose, name="signal-propose"
    ),
    path("dashboards/alerts/", watch.alerts, name="alerts"),
    path("dashboards/alerts/read/", watch.alerts_read, name="alerts-read"),
    path("dashboards/alerts/check/", watch.alerts_check, name="alerts-check"),
    path("dashboards/alerts/rules/", watch.alert_rules, name="alert-rules"),
    path(
        "dashboards/alerts/rules/<uuid:public_id>/", watch.alert_rule_save, name="alert-rule-save"
    ),
    path("dashboards/export/<slug:name>.<slug:kind>", dashboards.export, name="dashboard-export"),
    path("scenarios/", scenarios.studio, name="scenarios"),
    path("scenarios/fit/", scenarios.fit_now, name="scenarios-fit"),
    path("scenarios/progress/", scenarios.progress, name="scenarios-progress"),
    path("scenarios/save/", scenarios.save, name="scenario-save"),
    path("scenarios/try/", scenarios.try_one, name="scenario-try"),
    path("scenarios/compare/", scenarios.compare, name="scenarios-compare"),
    path("scenarios/export.<slug:kind>", scenarios.export, name="scenarios-export"),
    path("scenarios/<uuid:public_id>/", scenarios.scenario, name="scenario"),
    path("scenarios/<uuid:public_id>/send/", scenarios.send, name="scenario-send"),
    path("campaigns/", entities.campaign_list, name="campaigns"),
    re_path(_ENTITY + "$", entities.entity, name="entity"),
    re_path(_ENTITY + "propose/$", entities.propose_change, name="entity-propose"),
    path("campaigns/accounts/", accounts.account_list, name="ad-accounts"),
    path("campaigns/accounts/add/", accounts.account_add, name="ad-accounts-add"),
    path("campaigns/accounts/sync/", accounts.sync_now, name="ad-accounts-sync"),
    path("policy/", policy.policy, name="policy"),
    path("policy/<int:policy_id>/<slug:decision>/", policy.decide, name="policy-decide"),
    path("calibration/", calibration.calibration, name="calibration"),
]
