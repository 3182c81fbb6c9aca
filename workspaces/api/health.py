"""Whether the process answers, for whoever asks."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class HealthOut(serializers.Serializer[Any]):
    """A sign of life."""

    status = serializers.CharField()


class Health(APIView):
    """The process lives; /readyz tells whether it can work."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    metadata_class = None

    @extend_schema(
        tags=["Operations"],
        operation_id="health",
        summary="Is the process alive?",
        responses=HealthOut,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Answer without looking at anything else."""
        return Response({"status": "ok"})
