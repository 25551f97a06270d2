"""What a monitoring system reads: numbers of the shop, nothing about anybody, and only with a key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from db.sources import RunCause, RunOutcome, Source, SourceKind, SourceRun
from portal import keys, outbox
from portal.activity import By
from portal.outbox import NewJob
from tests.routes.customer.conftest import Running, running, sell


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


async def read(tresen: Running) -> dict[tuple[str, ...], float]:
    """Name, and the values of the labels in the alphabetical order of their names → the number."""
    by = By("test", datetime.now(UTC))
    async with tresen.house.database.writing() as session:
        key = await keys.add(f"watch {by.at.timestamp()}", session, by)
    answer = await tresen.client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Erika" not in answer.text and "erika@" not in answer.text and "/o/W" not in answer.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_strangers_read_no_number(tresen: Running):
    answer = await tresen.client.get("/metrics")

    assert answer.status_code == 401
    assert "tresen_" not in answer.text


async def test_requests_are_counted_by_their_address_without_anybody_s_token(tresen: Running):
    sale = await sell(tresen, "1")
    for _ in range(3):
        await tresen.client.get(sale.link)
    await tresen.client.get("/nowhere")

    told = await read(tresen)

    assert told["tresen_requests_total", "/o/{token}", "GET", "200"] == 3
    assert told["tresen_requests_total", "none", "GET", "404"] == 1
    assert told["tresen_request_seconds_count", "/o/{token}"] == 3
    assert told["tresen_request_seconds_bucket", "/o/{token}", "+Inf"] == 3
    assert told["tresen_requests_running",] == 1  # the one that asks


async def test_what_is_stored_and_what_was_done_with_pdfs_is_counted(tresen: Running):
    await sell(tresen, "1")
    await tresen.house.child.inspect(tresen.files / "bente.pdf")

    told = await read(tresen)

    assert told["tresen_stored_total", "orders"] == 1
    assert told["tresen_stored_total", "downloads"] == 0
    assert told["tresen_pdf_jobs_total", "done", "inspect"] >= 1
    assert told["tresen_pdf_seconds_total", "inspect"] > 0


async def test_what_waits_and_for_how_long_is_told_by_kind(tresen: Running):
    begun = datetime.now(UTC) - timedelta(minutes=10)
    async with tresen.house.database.writing() as session:
        await outbox.enqueue(NewJob(kind="nobody_does_this", key="nobody_does_this:1"), session, begun)

    told = await read(tresen)

    assert told["tresen_outbox_waiting", "nobody_does_this"] == 1
    assert 600 <= told["tresen_outbox_late_seconds", "nobody_does_this"] < 700
    assert told["tresen_outbox_given_up",] == 0


async def test_a_source_tells_how_long_ago_it_was_asked_and_how_that_ended(tresen: Running):
    ended = datetime.now(UTC) - timedelta(hours=2)
    async with tresen.house.database.writing() as session:
        source = Source(name="etsy", kind=SourceKind.BILLBEE, created_at=ended)
        session.add(source)
        await session.flush()
        run = SourceRun(source_id=source.id, cause=RunCause.CLOCK, asked_at=ended)
        run.ended_at, run.outcome = ended, RunOutcome.UNREACHABLE
        session.add(run)

    told = await read(tresen)

    assert 7200 <= told["tresen_source_last_run_age_seconds", "unreachable", "billbee", "etsy"] < 7300
