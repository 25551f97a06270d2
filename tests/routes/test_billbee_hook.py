"""Billbee's webhook: signed in its own way, a hint that something has changed, and tried by a word that comes back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.outbox import Job
from db.sources import RunCause, RunOutcome, SourceKind, SourceRun
from demo import billbee_stand_in
from demo.billbee_stand_in import API_KEY, PASSWORD, USERNAME
from demo.billbee_stand_in.hooks import signature
from portal import outbox, source_runs, sources
from portal.jobs import attempt, utc_now
from portal.outbox import Lane
from portal.source_webhook_jobs import REGISTRATION
from portal.sources import NewSource
from portal.webhook_inbox import BURST, OF_SOURCES
from tests.factories import NOON, SHOP
from tests.routes.customer.conftest import BASE, Running, running

ADDRESS = "/hooks/billbee/billbee"
BODY = b'{"Id": "a1", "Attempt": 1, "Notifications": [{"Action": "order.created"}]}'
KEYS = {"username": USERNAME, "password": PASSWORD, "api_key": API_KEY}
SECRET = "wh-0123456789-0123456789-0123456789"


@pytest.fixture
async def tresen(tmp_path):
    with billbee_stand_in.standing_in() as billbee:
        billbee.account.is_limited = False
        more = {"TRESEN_BASE_URL": BASE, "TRESEN_BILLBEE_API_BASE": billbee.base}
        async with running(tmp_path / "data", **more) as tresen:
            await connect(tresen)
            yield tresen


async def connect(tresen: Running) -> int:
    options = KEYS | {"webhook_secret": SECRET}
    new = NewSource(name="billbee", kind=SourceKind.BILLBEE, options=options, active=True)
    async with tresen.house.database.writing() as session:
        return (await sources.add(new, tresen.house.connectors, session, SHOP)).id


async def call(tresen: Running, body: bytes = BODY, secret: str = SECRET) -> int:
    headers = {"ms-signature": signature(body, secret)}
    return (await tresen.client.post(ADDRESS, content=body, headers=headers)).status_code


async def works_off(tresen: Running) -> None:
    """All deliveries that wait, as the worker would do it."""
    work, writing = tresen.house.source_deliveries, tresen.house.database.writing
    while True:
        async with writing() as session:
            job = await outbox.claim(Lane(OF_SOURCES, source_runs.lane_of(1)), work.limit, session, utc_now() + BURST)
        if job is None:
            return
        await attempt(job, work, writing)


async def ends_all_runs(tresen: Running) -> None:
    async with tresen.house.database.writing() as session:
        for run in await session.scalars(select(SourceRun)):
            run.ended_at, run.outcome = NOON, RunOutcome.OK


async def test_a_call_makes_a_run_and_the_same_one_again_makes_no_other(tresen: Running):
    await ends_all_runs(tresen)

    assert await call(tresen) == 200
    await works_off(tresen)
    await ends_all_runs(tresen)
    assert await call(tresen) == 200
    await works_off(tresen)

    async with tresen.house.database.reading() as session:
        assert list(await session.scalars(select(SourceRun.cause))) == [RunCause.CHANGED, RunCause.CALLED]


async def test_strangers_are_refused(tresen: Running):
    assert await call(tresen, secret="another") == 401
    assert (await tresen.client.post(ADDRESS, content=BODY)).status_code == 401
    assert (await tresen.client.post(ADDRESS, content=BODY, headers={"ms-signature": "sha256=zz"})).status_code == 401
    woocommerce = ADDRESS.replace("/hooks/billbee", "/hooks/woocommerce")
    headers = {"ms-signature": signature(BODY, SECRET)}
    assert (await tresen.client.post(woocommerce, content=BODY, headers=headers)).status_code == 404


async def test_the_word_of_a_try_comes_back_and_nothing_else_does(tresen: Running):
    answers = [await tresen.client.get(ADDRESS, params={"echo": word}) for word in ("a1b2", "<script>", "")]

    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert (answers[0].text, answers[0].headers["content-type"]) == ("a1b2", "text/plain; charset=utf-8")


async def test_a_source_that_can_call_us_is_asked_to_by_itself(tresen: Running):
    async with tresen.house.database.reading() as session:
        row = await sources.named("billbee", session)
        assert row is not None
        assert tresen.house.connectors.hook(row) == f"{BASE}{ADDRESS}"
        asked = list(await session.scalars(select(Job.payload).where(Job.kind == REGISTRATION)))

    assert asked == [{"source_id": row.id, "name": "billbee"}]
