"""``GET /metrics`` for Prometheus: how the API is used, by route and answer, and the state of the city (``measures.py``).

Imported by ``wsgi`` alone, once it has set where the numbers of all workers live: the library decides that at its import.
"""

import datetime as dt
import hmac
import time
from collections.abc import Callable, Iterator

from flask import Flask, Response, g, request, request_started
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cardsvc.errors import RequestError
from cardsvc.service.management.measures import measures
from cardsvc.store import Store

PATH = "/metrics"
REQUESTS = Counter("cardsvc_requests", "Requests by route, method and HTTP status", ["route", "method", "status"])
SECONDS = Histogram(
    "cardsvc_request_seconds",
    "From a request to its answer, by route and method",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
PROBLEMS = Counter("cardsvc_problems", "Problems told, by code and outcome", ["code", "outcome"])


class _City(Collector):
    """What the database says at the moment of the question."""

    def __init__(self, store: Store, now: Callable[[], dt.datetime]) -> None:
        self._store, self._now = store, now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each measure as a family of gauges."""
        for measure in measures(self._store, self._now()):
            family = GaugeMetricFamily(f"cardsvc_{measure.name}", measure.help, labels=[measure.label] if measure.label else [])
            for name, value in measure.values.items():
                family.add_metric([name] if measure.label else [], value)
            yield family


def install_metrics(app: Flask, store: Store, token: bytes, now: Callable[[], dt.datetime]) -> None:
    """Count what this worker answers, and tell the counts of all workers to who has the token."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it has no types
    registry.register(_City(store, now))

    def begin(_app: Flask) -> None:
        g.asked = time.monotonic()

    request_started.connect(begin, app, weak=False)  # comes before the handlers that may refuse the request

    @app.after_request
    def _count(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"
        REQUESTS.labels(route, request.method, response.status_code).inc()
        SECONDS.labels(route, request.method).observe(time.monotonic() - g.asked)
        if problem := g.get("problem"):
            PROBLEMS.labels(problem["code"], problem["outcome"]).inc()
        return response

    @app.get(PATH)
    def metrics() -> Response:
        """The numbers in Prometheus' text format. Needs ``Authorization: Bearer`` and the token."""
        given = request.authorization
        if given is None or given.type != "bearer" or not hmac.compare_digest((given.token or "").encode(), token):
            raise RequestError("metrics_token_wrong")
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
