"""Where somebody says how it was: for whoever holds the link in our message, and nobody else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from inbox.services.rating import (
    LONGEST_COMMENT,
    SCORES,
    RatingError,
    is_open,
    question_named,
    rate,
)
from outreach.link_limits import WINDOW_S, is_guessing


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the five, with one chosen, and keeps nothing: filters follow links. POST keeps."""
    question = question_named(token)
    if question is None:
        if is_guessing(request):
            answer = HttpResponse("Too many addresses that nobody sent.", status=429)
            answer["Content-Type"] = "text/plain; charset=utf-8"
            answer["Retry-After"] = str(WINDOW_S)
            return answer
        return render(request, "recipients/gone.html", status=404)
    now = timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    chosen = _score(given.get("score", "")) or question.score
    context = {
        "sender": question.workspace.name, "scores": SCORES, "chosen": chosen,
        "comment": question.comment, "longest": LONGEST_COMMENT,
        "is_open": is_open(question=question, now=now),
    }  # fmt: skip
    status = 200
    if request.method == "POST":
        comment = request.POST.get("comment", "")
        context["comment"] = comment
        try:
            rate(question=question, score=_score(given.get("score", "")), comment=comment, now=now)
            context["is_saved"] = True
        except RatingError as error:
            context["error"], status = str(error), 400
    return render(request, "recipients/rate.html", context, status=status)


def _score(given: str) -> int:
    return int(given) if given in {"1", "2", "3", "4", "5"} else 0
