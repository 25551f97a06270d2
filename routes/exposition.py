"""Numbers in the text format of Prometheus, written by its own library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from pdfkit.child import Child
from portal.figures import Figures
from routes.traffic import SECONDS, Traffic

CONTENT_TYPE = CONTENT_TYPE_LATEST
BOUNDS = (*(str(each) for each in SECONDS), "+Inf")
Rows = Iterable[tuple[tuple[str, ...], float]]  # values of the labels, and the number


def written(figures: Figures, traffic: Traffic, child: Child, now: datetime) -> bytes:
    """Names begin with `tresen_`; seconds, bytes and totals as that format wants them."""
    return generate_latest(_Collected(lambda: _families(figures, traffic, child, now)))


class _Collected:
    """What the library asks for numbers."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self.collect = families


def _families(figures: Figures, traffic: Traffic, child: Child, now: datetime) -> Iterator[Metric]:
    yield from _of_traffic(traffic)
    yield _counter(
        "pdf_jobs", "Work on PDFs and images, by job and how it ended.", ("job", "ended"), child.jobs.items()
    )
    spent = (((job,), seconds) for job, seconds in child.seconds.items())
    yield _counter("pdf_seconds", "How long that work took, waiting for its turn included.", ("job",), spent)
    stored = (((kind,), number) for kind, number in figures.stored.items())
    yield _counter(
        "stored", "Orders, payments, invoices, downloads and mails that were ever stored.", ("kind",), stored
    )
    waiting = (((lane.kind,), lane.waiting) for lane in figures.lanes)
    yield _gauge("outbox_waiting", "What is still to be done, by kind.", ("kind",), waiting)
    late = (((lane.kind,), lane.late_seconds) for lane in figures.lanes)
    yield _gauge("outbox_late_seconds", "For how long the first of it has been due.", ("kind",), late)
    yield _gauge("outbox_given_up", "What nobody tries again by himself.", (), [((), figures.given_up)])
    ended = (
        ((each.name, each.kind, each.outcome), (now - each.ended_at).total_seconds()) for each in figures.connections
    )
    yield _gauge(
        "source_last_run_age_seconds",
        "Since a source was last asked, and how it ended.",
        ("source", "kind", "ended"),
        ended,
    )


def _of_traffic(traffic: Traffic) -> Iterator[Metric]:
    answers = (((method, where, str(status)), number) for (method, where, status), number in traffic.answers.items())
    yield _counter("requests", "Requests that were answered.", ("method", "address", "status"), answers)
    waits = HistogramMetricFamily(
        "tresen_request_seconds", "From a request to the beginning of its answer.", labels=("address",)
    )
    for address, each in traffic.waits.items():
        reached = zip(BOUNDS, map(float, accumulate(each.within)), strict=True)
        waits.add_metric((address,), list(reached), each.seconds)
    yield waits
    yield _gauge("requests_running", "Requests and transfers that are not over yet.", (), [((), traffic.running)])


def _counter(name: str, about: str, labels: tuple[str, ...], rows: Rows) -> Metric:
    family = CounterMetricFamily(f"tresen_{name}", about, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _gauge(name: str, about: str, labels: tuple[str, ...], rows: Rows) -> Metric:
    family = GaugeMetricFamily(f"tresen_{name}", about, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
