"""Journeys and credit over REST."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import journey_serializers as forms
from attribution.api.conversion_serializers import StatsQuery
from attribution.models import AttributionModel, Channel, CreditLevel
from attribution.selectors.board import Board, TooManyJourneysError, board_of, models_of
from attribution.selectors.board_rows import names_of
from attribution.selectors.credits import Line
from attribution.selectors.halo import halo_of
from attribution.selectors.people import Walked, channel_days, journeys_of
from campaigns import metrics
from campaigns.api.queries import chosen_period
from workspaces import scopes
from workspaces.api.fields import amount_of
from workspaces.api.views import ApiView
from workspaces.gate import StateError
from workspaces.periods import Period

TAG = ["Attribution"]


class CreditView(ApiView):
    """Base: a model over a period."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}

    def asked(self) -> tuple[dict[str, Any], Period, AttributionModel]:
        """Return the checked question, its days, and the model: the default one if not named."""
        query = self.read_query(forms.CreditQuery)
        models = models_of(self.workspace)
        if not models:
            raise StateError("No attribution model is on here; an admin can switch one on.")
        named = query.get("model")
        fitting = [m for m in models if (m.method == named if named else m.is_default)]
        if named and not fitting:
            raise serializers.ValidationError(
                {"model": "This workspace has no such active model; an admin can switch it on."}
            )
        return query, chosen_period(query, self.workspace, self.now), (fitting or models)[0]

    def board(self, *, level: str | None = None) -> Board:
        """Return the asked model's credits, with its shapes."""
        query, period, model = self.asked()
        try:
            return board_of(
                workspace=self.workspace,
                models=[model],
                period=period,
                level=level or query["by"],
                conversion_type=query["type"],
                focus=model,
            )
        except TooManyJourneysError as error:
            raise serializers.ValidationError({"from": str(error)}) from error

    def money(self, value: Decimal | None) -> dict[str, str] | None:
        """Amount in the workspace's currency."""
        return amount_of(value, self.workspace.currency)

    def credit(self, line: Line, named: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
        """One line as it is answered."""
        channel, campaign, ad = line.unit
        return {
            "channel": named["channel", channel].name,
            "campaign": _named(named.get(("campaign", campaign))),
            "ad": _named(named.get(("ad", ad))),
            "conversions": line.conversions,
            "share": line.share,
            "revenue": self.money(line.revenue),
            "cost": self.money(line.cost),
            "roas": line.roas,
            "roi": line.roi,
            "conversions_low": line.conversions_low,
            "conversions_high": line.conversions_high,
        }


def _named(row: Any) -> dict[str, str] | None:
    return None if row is None else {"id": str(row.public_id), "name": row.name}


class Credits(CreditView):
    """What a model gives to whom."""

    @extend_schema(
        tags=TAG,
        operation_id="conversions_attribution",
        summary="Share conversions and revenue out by a model",
        parameters=[forms.CreditQuery],
        responses=forms.CreditsOut,
    )
    def get(self, request: Request) -> Response:
        """From the newest run of exactly these days, else counted now; credits add up."""
        board = self.board()
        column = board.columns[0]
        lines = sorted(column.lines.values(), key=lambda line: (-line.conversions, line.unit))
        named = names_of(list(column.lines))
        shown = {
            "model": column.model.method,
            "name": column.model.name,
            "by": board.level,
            "since": board.period.since,
            "until": board.period.until,
            "ran_at": board.ran_at,
            "journeys": board.journeys,
            "conversions": board.conversions,
            "revenue": self.money(board.revenue),
            "without_rate": board.without_rate,
            "credits": [self.credit(line, named) for line in lines],
        }
        return Response(forms.CreditsOut(shown).data)


class PersonJourneys(CreditView):
    """A person's journeys."""

    @extend_schema(
        tags=TAG,
        operation_id="conversions_journey",
        summary="Show a person's journeys touch by touch",
        responses=forms.PersonJourneysOut,
    )
    def get(self, request: Request, user_id: str) -> Response:
        """The newest fifty, with each touch's share under five models; each adds up to one."""
        found = journeys_of(self.workspace, user_id)
        if found is None:
            raise Http404
        journeys = [self._journey(walked) for walked in found]
        return Response(forms.PersonJourneysOut({"user_id": user_id, "journeys": journeys}).data)

    def _journey(self, walked: Walked) -> dict[str, Any]:
        journey = walked.journey
        return {
            "journey_id": journey.journey_id,
            "conversion_id": journey.conversion.conversion_id if journey.conversion else None,
            "conversion_type": journey.conversion_type or None,
            "ended_at": journey.ended_at,
            "value": self.money(journey.value),
            "touches": [
                {
                    "at": step.at,
                    "kind": step.touch.kind,
                    "channel": step.channel.name,
                    "campaign": _named(step.campaign),
                    "ad": _named(step.ad),
                    "page_url": step.touch.page_url,
                    "credit": credit,
                }
                for step, credit in walked.steps
            ],
        }


class ChannelFigures(CreditView):
    """A channel day by day."""

    @extend_schema(
        tags=TAG,
        operation_id="conversions_performance",
        summary="Show a channel's messages, conversions and money by day",
        parameters=[StatsQuery],
        responses=forms.ChannelOut,
    )
    def get(self, request: Request, channel: str) -> Response:
        """Days as last filled by the models' job; days without anything are left out."""
        own = Channel.objects.filter(workspace=self.workspace, name=channel.lower()).first()
        if own is None:
            raise Http404
        query = self.read_query(StatsQuery)
        period = chosen_period(query, self.workspace, self.now)
        found = channel_days(self.workspace, own.name, period)
        shown = {
            "channel": own.name,
            "model_name": found.model_name,
            "since": period.since,
            "until": period.until,
            "total": self._figures(found.total),
            "days": [{"day": day, **self._figures(sums)} for day, sums in found.days],
        }
        return Response(forms.ChannelOut(shown).data)

    def _figures(self, sums: dict[str, Any]) -> dict[str, Any]:
        money = {name: Decimal(sums[name]) for name in ("revenue", "attributed_revenue")}
        cost, count = sums["cost"], sums["conversions"]
        return {
            **sums,
            "delivery_rate": metrics.delivery_rate(sums["delivered"], sums["sent"]),
            "open_rate": metrics.open_rate(sums["opened"], sums["delivered"]),
            "click_rate": metrics.click_rate(sums["clicked"], sums["opened"]),
            "reply_rate": metrics.reply_rate(sums["replied"], sums["delivered"]),
            "conversion_rate": metrics.message_conversion_rate(count, sums["delivered"]),
            "revenue": self.money(money["revenue"]),
            "average_order_value": self.money(metrics.average_order_value(money["revenue"], count)),
            "attributed_revenue": self.money(money["attributed_revenue"]),
            "cost": self.money(cost),
            "roi": None if cost is None else metrics.roi(money["attributed_revenue"], cost),
            "cost_per_conversion": self.money(None if cost is None else metrics.cpa(cost, count)),
        }


class AttributionSummary(CreditView):
    """A period in short."""

    @extend_schema(
        tags=TAG,
        operation_id="attribution_summary",
        summary="Sum attribution up",
        parameters=[forms.CreditQuery],
        responses=forms.SummaryOut,
    )
    def get(self, request: Request) -> Response:
        """Conversions, revenue, touches and hours to convert, and who is strongest."""
        board = self.board(level=CreditLevel.CHANNEL)
        campaigns = self.board(level=CreditLevel.CAMPAIGN).columns[0].lines.values()
        channels = board.columns[0].lines.values()
        best = [
            max((row for row in lines if row.conversions > 0), key=_strength, default=None)
            for lines in (channels, (row for row in campaigns if row.unit[1]))
        ]
        named = names_of([row.unit for row in best if row])
        cost = board.cost
        shown = {
            "model": board.columns[0].model.method,
            "since": board.period.since,
            "until": board.period.until,
            "conversions": board.conversions,
            "revenue": self.money(board.revenue),
            "cost": self.money(cost),
            "roas": None if cost is None else metrics.roas(board.revenue, cost),
            "roi": None if cost is None else metrics.roi(board.revenue, cost),
            "mean_touches": board.mean_touches,
            "mean_hours_to_convert": board.mean_hours,
            "top_channel": named["channel", best[0].unit[0]].name if best[0] else None,
            "top_campaign": _named(named["campaign", best[1].unit[1]]) if best[1] else None,
            "top_paths": board.shapes.get("paths", []),
        }
        return Response(forms.SummaryOut(shown).data)


def _strength(line: Line) -> tuple[float, int]:
    return line.conversions, -line.unit[0]


class AttributionHeatmap(CreditView):
    """Channels by country."""

    @extend_schema(
        tags=TAG,
        operation_id="attribution_heatmap",
        summary="Show ROAS by channel and country",
        parameters=[forms.CreditQuery],
        responses=forms.HeatmapOut,
    )
    def get(self, request: Request) -> Response:
        """The countries with most conversions; cost is split by where touches came from."""
        board = self.board(level=CreditLevel.CHANNEL)
        cells = []
        for row in board.regions:
            revenue = Decimal(f"{row['revenue']:.6f}")
            cost = None if row["cost"] is None else Decimal(f"{row['cost']:.6f}")
            roas = None if cost is None else metrics.roas(revenue, cost)
            cells.append({**row, "revenue": self.money(revenue), "cost": self.money(cost),
                          "roas": roas})  # fmt: skip
        shown = {
            "model": board.columns[0].model.method,
            "since": board.period.since,
            "until": board.period.until,
            "cells": cells,
        }
        return Response(forms.HeatmapOut(shown).data)


class AttributionHalo(CreditView):
    """Organic conversions beside paid ones."""

    @extend_schema(
        tags=TAG,
        operation_id="attribution_halo",
        summary="Tell how organic conversions move with paid ones",
        parameters=[StatsQuery],
        responses=forms.HaloOut,
    )
    def get(self, request: Request) -> Response:
        """An elasticity on daily counts with a 95 % interval; moving together is not cause."""
        period = chosen_period(self.read_query(StatsQuery), self.workspace, self.now)
        found = halo_of(self.workspace, period)
        fit = found.fit
        shown = {
            "since": period.since,
            "until": period.until,
            "days": len(found.paid),
            "elasticity": fit and fit.elasticity,
            "low": fit and fit.low,
            "high": fit and fit.high,
            "organic_per_paid_unit": fit and fit.per_unit,
            "reason": found.why_not,
        }
        return Response(forms.HaloOut(shown).data)
