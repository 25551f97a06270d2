"""What is to be done stands exactly if the change that asks for it does, and is done at least once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.outbox import Job
from portal import outbox, retention
from portal.activity import TRESEN, By
from portal.outbox import MAX_ATTEMPTS, Claimed, Lane, NewJob, NotDone, delay
from tests.factories import NOON

LEASE = timedelta(seconds=60)
HOUR = timedelta(hours=1)
NOW = By(TRESEN, NOON)


def a_job(key: str = "mail:1", **facts) -> NewJob:
    return NewJob(kind="mail", key=key, **facts)


async def put(database: Database, *jobs: NewJob) -> None:
    async with database.writing() as session:
        for job in jobs:
            await outbox.enqueue(job, session, NOON)


async def claimed(database: Database, at: datetime = NOON, kind: str = "mail") -> Claimed | None:
    async with database.writing() as session:
        return await outbox.claim(Lane(kind), LEASE, session, at)


async def took(database: Database, at: datetime = NOON, kind: str = "mail") -> Claimed:
    """The claim on a job that is to be had."""
    job = await claimed(database, at, kind)
    assert job
    return job


async def fail(database: Database, job: Claimed, why: NotDone, at: datetime = NOON, chance: float = 0.5) -> Job | None:
    async with database.writing() as session:
        return await outbox.failed(job, why, chance, session, By(TRESEN, at))


async def rows(database: Database) -> list[Job]:
    async with database.reading() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def notices(database: Database) -> list[Activity]:
    async with database.reading() as session:
        return list(await session.scalars(select(Activity).where(Activity.notice)))


# --- Together with the change


async def test_a_change_that_is_rolled_back_leaves_nothing_to_do(database: Database):
    with pytest.raises(ZeroDivisionError):
        async with database.writing() as session:
            await outbox.enqueue(a_job(), session, NOON)
            raise ZeroDivisionError

    assert await rows(database) == []
    assert not database.queued.is_set()


async def test_the_worker_is_woken_by_the_commit_and_not_before(database: Database):
    async with database.writing() as session:
        await outbox.enqueue(a_job(), session, NOON)
        assert not database.queued.is_set()

    assert database.queued.is_set()


async def test_a_change_that_asks_for_nothing_wakes_nobody(database: Database):
    async with database.writing() as session:
        session.add(Activity(at=NOON, actor=TRESEN, kind="nothing"))

    assert not database.queued.is_set()


async def test_asking_twice_for_the_same_is_asking_once(database: Database):
    async with database.writing() as session:
        assert await outbox.enqueue(a_job("mail:7"), session, NOON)
        assert not await outbox.enqueue(a_job("mail:7"), session, NOON)

    assert len(await rows(database)) == 1


async def test_what_was_done_is_not_asked_for_again_either(database: Database):
    await put(database, a_job())
    job = await took(database)
    async with database.writing() as session:
        await outbox.done(job, session, NOON)

    await put(database, a_job())

    assert await claimed(database) is None


# --- Claims


async def test_what_one_has_claimed_nobody_else_gets(database: Database):
    await put(database, a_job())

    assert await claimed(database)
    assert await claimed(database) is None


async def test_a_claim_that_ran_out_can_be_taken_over(database: Database):
    await put(database, a_job())
    first = await took(database)

    assert await claimed(database, NOON + LEASE - timedelta(seconds=1)) is None
    again = await took(database, NOON + LEASE)

    assert (first.attempts, again.attempts) == (1, 2)


async def test_jobs_come_in_the_order_in_which_they_are_due(database: Database):
    await put(database, a_job("mail:late", run_at=NOON), a_job("mail:early", run_at=NOON - HOUR))

    assert [(await took(database)).key for _ in range(2)] == ["mail:early", "mail:late"]


async def test_a_job_for_later_waits(database: Database):
    await put(database, a_job(run_at=NOON + HOUR))

    assert await claimed(database) is None
    assert await claimed(database, NOON + HOUR)


async def test_a_claim_brings_the_payload_and_only_its_own_kind(database: Database):
    await put(database, NewJob(kind="webhook", key="webhook:1"), a_job(payload={"message_id": 5}))

    assert (await took(database)).payload == {"message_id": 5}
    assert await claimed(database) is None


async def test_the_worker_learns_which_kinds_have_something_due(database: Database):
    later = NewJob(kind="later", key="later:1", run_at=NOON + HOUR)
    await put(database, a_job(), NewJob(kind="taken", key="taken:1"), later)
    await claimed(database, kind="taken")

    async with database.reading() as session:
        assert await outbox.kinds_due(["later", "mail", "none", "taken"], session, NOON) == ["mail"]
        assert await outbox.kinds_due([], session, NOON) == []


async def test_jobs_of_one_kind_wait_for_each_other_only_in_their_lane(database: Database):
    here, there = (NewJob(kind="fetch", key=f"fetch:{name}", lane=name) for name in ("here", "there"))
    await put(database, here, there, NewJob(kind="fetch", key="fetch:later", lane="later", run_at=NOON + HOUR))

    async with database.reading() as session:
        assert await outbox.kinds_due(["fetch"], session, NOON) == []
        assert await outbox.lanes_due(session, NOON) == [Lane("fetch", "here"), Lane("fetch", "there")]
    async with database.writing() as session:
        assert await outbox.claim(Lane("fetch"), LEASE, session, NOON) is None
        job = await outbox.claim(Lane("fetch", "there"), LEASE, session, NOON)
        assert job and job.key == "fetch:there"
        assert await outbox.lanes_due(session, NOON) == [Lane("fetch", "here")]


# --- Failures


def test_pauses_grow_and_outlast_a_day():
    pauses = [pause for attempts in range(1, MAX_ATTEMPTS) if (pause := delay(attempts, 0.5))]

    assert pauses[:4] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)]
    assert pauses == sorted(pauses)
    assert len(pauses) >= 7
    assert sum(pauses, timedelta()) > timedelta(hours=36)


def test_jobs_that_failed_together_do_not_come_back_together():
    assert delay(1, 0.0) == timedelta(seconds=48)
    assert delay(1, 1.0) == timedelta(seconds=72)


def test_after_the_last_attempt_there_is_no_other():
    assert delay(MAX_ATTEMPTS, 0.5) is None


async def test_a_failure_is_noted_and_tried_again_after_its_pause(database: Database):
    await put(database, a_job())
    await fail(database, await took(database), NotDone("The server is busy."))

    (row,) = await rows(database)
    assert (row.error, row.run_at, row.dead_at) == ("The server is busy.", NOON + timedelta(minutes=1), None)
    assert await claimed(database, NOON + timedelta(seconds=59)) is None
    assert await claimed(database, NOON + timedelta(seconds=60))
    assert await notices(database) == []


async def test_what_can_never_work_is_given_up_at_once_and_the_merchant_is_told(database: Database):
    await put(database, a_job(payload={"message_id": 5}))
    await fail(database, await took(database), NotDone("No such user.", permanent=True))

    (row,) = await rows(database)
    assert (row.dead_at, row.error) == (NOON, "No such user.")
    (notice,) = await notices(database)
    assert notice.kind == "mail_failed"
    assert notice.details == {"message_id": 5, "error": "No such user.", "attempts": 1}
    assert await claimed(database, NOON + timedelta(days=30)) is None


async def test_after_eight_failures_it_is_given_up_and_kept(database: Database):
    await put(database, a_job())
    at = NOON
    for _ in range(MAX_ATTEMPTS):
        job = await took(database, at)
        await fail(database, job, NotDone("Nobody there."), at)
        at = (await rows(database))[0].run_at

    (row,) = await rows(database)
    assert (row.attempts, row.error) == (MAX_ATTEMPTS, "Nobody there.")
    assert row.dead_at
    assert len(await notices(database)) == 1
    await retention.run(database, at + timedelta(days=1000))
    assert len(await rows(database)) == 1


async def test_whoever_lost_its_claim_has_no_say_in_a_failure(database: Database):
    await put(database, a_job())
    slow = await took(database)
    await claimed(database, NOON + LEASE)

    assert await fail(database, slow, NotDone("Too slow.", permanent=True)) is None
    (row,) = await rows(database)
    assert (row.dead_at, row.error) == (None, "")
    assert row.locked_until == NOON + 2 * LEASE


async def test_what_happened_is_done_even_if_the_claim_ran_out_meanwhile(database: Database):
    await put(database, a_job())
    slow = await took(database)
    other = await took(database, NOON + LEASE)

    async with database.writing() as session:
        await outbox.done(slow, session, NOON + LEASE)
    await fail(database, other, NotDone("Something else.", permanent=True), NOON + LEASE)

    (row,) = await rows(database)
    assert row.done_at
    assert row.dead_at is None
    assert await claimed(database, NOON + timedelta(days=1)) is None


async def test_what_was_done_long_ago_is_forgotten(database: Database):
    await put(database, a_job("mail:1"), a_job("mail:2"))
    job = await took(database)
    async with database.writing() as session:
        await outbox.done(job, session, NOON)
    await retention.run(database, NOON + timedelta(days=30))
    assert len(await rows(database)) == 2

    await retention.run(database, NOON + timedelta(days=31))
    assert [row.key for row in await rows(database)] == ["mail:2"]
