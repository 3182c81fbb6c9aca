"""Paths of the pages of outreach."""

from __future__ import annotations

from django.urls import path

from outreach.views import acting, builder, campaigns, channels, deliverability, log, report, todo

_CAMPAIGN = "outreach/campaigns/<uuid:public_id>/"

urlpatterns = [
    path("outreach/campaigns/", campaigns.campaigns, name="outreach-campaigns"),
    path("outreach/campaigns/new/", builder.new, name="outreach-campaign-new"),
    path(_CAMPAIGN, report.campaign, name="outreach-campaign"),
    path(f"{_CAMPAIGN}revenue/", report.revenue, name="outreach-campaign-revenue"),
    path(f"{_CAMPAIGN}export.<slug:kind>", report.export, name="outreach-campaign-export"),
    path(f"{_CAMPAIGN}audience/", builder.audience, name="outreach-campaign-audience"),
    path(f"{_CAMPAIGN}edit/<slug:step>/", builder.edit, name="outreach-campaign-edit"),
    path(f"{_CAMPAIGN}edit/<slug:step>/save/", builder.save, name="outreach-campaign-save"),
    path(f"{_CAMPAIGN}do/<slug:action>/", acting.act, name="outreach-campaign-act"),
    path("outreach/messages/", log.log, name="outreach-messages"),
    path("outreach/messages/<uuid:public_id>/", log.message, name="outreach-message"),
    path("outreach/messages/<uuid:public_id>/body/", log.body, name="outreach-message-body"),
    path("outreach/messages/<uuid:public_id>/replay/", todo.replay, name="outreach-message-replay"),
    path("outreach/tasks/", todo.tasks, name="outreach-tasks"),
    path("outreach/tasks/<uuid:public_id>/<slug:action>/", todo.act, name="outreach-task-act"),
    path("outreach/deliverability/", deliverability.deliverability, name="outreach-deliverability"),
    path("outreach/deliverability/stop/", deliverability.stop, name="outreach-halt"),
    path(
        "outreach/deliverability/<int:halt_id>/lift/",
        deliverability.go_on,
        name="outreach-halt-lift",
    ),
    path("outreach/channels/", channels.channels, name="outreach-channels"),
    path("outreach/channels/chooser/", channels.chooser, name="outreach-chooser"),
    path("outreach/channels/<slug:channel>/", channels.save, name="outreach-channel-save"),
]
