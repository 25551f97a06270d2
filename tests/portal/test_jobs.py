"""The worker does what the outbox holds, outside any transaction, and is neither stopped by a failure nor by a kill."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text

from db.engine import Database
from db.outbox import DueTime, Job
from portal import jobs, outbox
from portal.activity import TRESEN, By
from portal.jobs import Worker
from portal.outbox import MAX_ATTEMPTS, Claimed, Lane, NewJob, NotDone
from portal.periodic_jobs import Periodic, every, is_to_plan, plan
from tests.factories import NOON

DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


class Chore:
    """Work that notes what it did. `trouble` is called first, and may raise or wait."""

    def __init__(self, limit_seconds: float = 5.0) -> None:
        self.limit = timedelta(seconds=limit_seconds)
        self.did: list[str] = []
        self.recorded: list[str] = []
        self.failures: list[tuple[str, bool]] = []
        self.trouble: Callable[[Claimed], object] = lambda job: None

    async def do(self, job: Claimed) -> jobs.Record:
        waiting = self.trouble(job)
        if asyncio.iscoroutine(waiting):
            await waiting
        self.did.append(job.key)

        async def record(session, now) -> None:
            self.recorded.append(job.key)

        return record

    async def failed(self, job: Job, session, by) -> None:
        self.failures.append((job.error, job.dead_at is not None))


def stays(chore: Chore, seconds: float) -> asyncio.Event:
    """Makes the work take that long; set once it has begun."""
    begun = asyncio.Event()

    async def stay() -> None:
        begun.set()
        await asyncio.sleep(seconds)

    chore.trouble = lambda job: stay()
    return begun


async def put(database: Database, *keys: str) -> None:
    async with database.writing() as session:
        for key in keys:
            await outbox.enqueue(NewJob(kind=key.partition(":")[0], key=key), session, jobs.utc_now())


async def rows(database: Database) -> list[Job]:
    async with database.reading() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


# --- Working


async def test_what_is_committed_is_done_at_once_and_not_at_the_next_poll(database: Database):
    chore = Chore()
    worker = Worker(database, {"chore": chore}, poll_seconds=60)
    async with worker.running():
        await asyncio.sleep(0.05)
        await put(database, "chore:1", "chore:2")
        await until(lambda: len(chore.recorded) == 2)

    assert chore.did == chore.recorded == ["chore:1", "chore:2"]
    assert all(row.done_at for row in await rows(database))


async def test_what_was_left_before_the_start_is_done(database: Database):
    await put(database, "chore:1")
    chore = Chore()
    async with Worker(database, {"chore": chore}).running():
        await until(lambda: chore.recorded)


async def test_one_that_hangs_holds_up_nothing_but_its_own_lane(database: Database):
    chore = Chore()

    async def hang(job: Claimed) -> None:
        if job.key == "chore:hangs":
            await asyncio.sleep(60)

    chore.trouble = hang
    lanes = {"chore:hangs": "a", "chore:behind it": "a", "chore:other": "b", "chore:any": None}
    async with Worker(database, {"chore": chore}, poll_seconds=60).running(grace_seconds=0):
        async with database.writing() as session:
            for key, lane in lanes.items():
                await outbox.enqueue(NewJob(kind="chore", key=key, lane=lane), session, jobs.utc_now())
        await until(lambda: len(chore.recorded) == 2)
        await put(database, "chore:more")
        await until(lambda: len(chore.recorded) == 3)

    assert set(chore.recorded) == {"chore:other", "chore:any", "chore:more"}


async def test_what_comes_while_the_lane_is_ending_does_not_wait_for_the_next_poll(database: Database):
    chore = Chore()
    async with Worker(database, {"chore": chore}, poll_seconds=60).running():
        for number in range(30):
            await put(database, f"chore:{number}")
            await asyncio.sleep(0.001 * (number % 7))
        await until(lambda: len(chore.recorded) == 30)


async def test_no_transaction_is_open_while_the_work_is_done(database: Database):
    async def writes_by_itself() -> None:
        async with asyncio.timeout(2), database.writing() as session:
            await session.execute(text("UPDATE general_settings SET withdrawal_days = 15"))

    chore = Chore()
    chore.trouble = lambda job: writes_by_itself()
    await put(database, "chore:1")
    async with Worker(database, {"chore": chore}).running():
        await until(lambda: chore.recorded or chore.failures)

    assert chore.failures == []


async def test_one_kind_that_hangs_does_not_hold_up_another(database: Database):
    slow, quick = Chore(), Chore()
    slow.trouble = lambda job: asyncio.sleep(60)
    await put(database, "slow:1", "quick:1")
    async with Worker(database, {"slow": slow, "quick": quick}).running(grace_seconds=0):
        await until(lambda: quick.recorded)

    assert slow.did == []


async def test_a_failure_is_noted_and_the_next_job_is_done(database: Database):
    def fails_first(job: Claimed) -> None:
        if job.key == "chore:1":
            raise NotDone("Not today.")

    chore = Chore()
    chore.trouble = fails_first
    await put(database, "chore:1", "chore:2")
    async with Worker(database, {"chore": chore}).running():
        await until(lambda: chore.recorded and chore.failures)

    first, second = await rows(database)
    assert (first.error, first.done_at, chore.failures) == ("Not today.", None, [("Not today.", False)])
    assert second.done_at


async def test_a_mistake_of_our_own_is_logged_and_tried_again(database: Database, caplog):
    def breaks(job: Claimed) -> None:
        raise ZeroDivisionError

    chore = Chore()
    chore.trouble = breaks
    await put(database, "chore:1")
    async with Worker(database, {"chore": chore}).running():
        await until(lambda: chore.failures)

    (row,) = await rows(database)
    assert "ZeroDivisionError" in row.error
    assert row.dead_at is None
    assert "chore:1" in caplog.text


async def test_work_that_takes_too_long_is_broken_off(database: Database):
    chore = Chore(limit_seconds=0.1)
    chore.trouble = lambda job: asyncio.sleep(60)
    await put(database, "chore:1")
    async with Worker(database, {"chore": chore}).running():
        await until(lambda: chore.failures)

    assert "longer than" in (await rows(database))[0].error


async def test_a_job_that_ends_the_process_every_time_is_given_up(database: Database):
    await put(database, "chore:1")
    now = jobs.utc_now()
    for crash in range(MAX_ATTEMPTS):
        async with database.writing() as session:
            assert await outbox.claim(Lane("chore"), timedelta(seconds=1), session, now + timedelta(seconds=crash))
    chore = Chore()
    worker = Worker(database, {"chore": chore}, clock=lambda: now + timedelta(minutes=1))
    async with worker.running():
        await until(lambda: chore.failures)

    assert chore.did == []
    assert chore.failures == [(outbox.LOST, True)]


async def test_a_database_that_fails_for_a_moment_does_not_end_all_work(database: Database, caplog):
    chore = Chore()
    worker = Worker(database, {"chore": chore}, poll_seconds=0.05)
    async with database.writing() as session:
        await session.execute(text("ALTER TABLE outbox RENAME TO away"))
    async with worker.running():
        await until(lambda: "cannot be read" in caplog.text)
        async with database.writing() as session:
            await session.execute(text("ALTER TABLE away RENAME TO outbox"))
        await put(database, "chore:1")
        await until(lambda: chore.recorded)


async def test_what_was_done_is_not_done_again_because_it_could_not_be_written_down_at_once(database: Database):
    async def rename(name: str, to: str) -> None:
        async with database.writing() as session:
            await session.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))

    chore = Chore()
    chore.trouble = lambda job: rename("outbox", "away")
    await put(database, "chore:1")
    async with Worker(database, {"chore": chore}, poll_seconds=60).running():
        await until(lambda: chore.recorded)
        await rename("away", "outbox")
        await until(lambda: len(chore.recorded) > 1)

    (row,) = await rows(database)
    assert row.done_at is not None
    assert chore.did == ["chore:1"]


async def test_a_failure_that_cannot_be_written_down_leaves_no_claim_behind(database: Database):
    """A claim is as long as its work may take, which is days for some."""

    async def rename(name: str, to: str) -> None:
        async with database.writing() as session:
            await session.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))

    async def fail() -> None:
        await rename("outbox", "away")
        begun.set()
        raise NotDone("It did not work.")

    chore, begun = Chore(limit_seconds=DAY.total_seconds()), asyncio.Event()
    chore.trouble = lambda job: fail()
    await put(database, "chore:1")
    async with Worker(database, {"chore": chore}, poll_seconds=60).running():
        async with asyncio.timeout(5):
            await begun.wait()
        await asyncio.sleep(0.05)
        await rename("away", "outbox")
        async with asyncio.timeout(5):
            while (await rows(database))[0].locked_until:
                await asyncio.sleep(0.01)

    (row,) = await rows(database)
    assert (row.done_at, row.dead_at) == (None, None)
    assert row.run_at < jobs.utc_now() + timedelta(minutes=2)


# --- Stopping


async def test_a_running_job_may_end_before_the_worker_does(database: Database):
    chore = Chore()
    begun = stays(chore, 0.3)
    await put(database, "chore:1", "chore:2")
    async with Worker(database, {"chore": chore}).running():
        await begun.wait()

    first, second = await rows(database)
    assert first.done_at
    assert (second.done_at, second.attempts) == (None, 0), "nothing new is begun"


async def test_a_job_that_does_not_end_in_time_comes_back_after_the_next_start(database: Database):
    chore = Chore()
    begun = stays(chore, 60)
    await put(database, "chore:1")
    async with asyncio.timeout(3), Worker(database, {"chore": chore}).running(grace_seconds=0.1):
        await begun.wait()

    later = jobs.utc_now() + timedelta(hours=1)
    again = Chore()
    async with Worker(database, {"chore": again}, clock=lambda: later).running():
        await until(lambda: again.recorded)


async def test_the_grace_is_counted_from_the_moment_of_stopping(database: Database):
    """Requests may still be running then: both have the same ten seconds."""
    chore = Chore()
    begun = stays(chore, 60)
    await put(database, "chore:1")
    worker = Worker(database, {"chore": chore})
    async with asyncio.timeout(3):
        async with worker.running(grace_seconds=60):
            await begun.wait()
            worker.stop(grace_seconds=0.2)
            await put(database, "chore:2")
            await asyncio.sleep(0.2)

    assert (await rows(database))[1].attempts == 0


CLAIMS_AND_HANGS = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from db import tables
from db.engine import Database
from portal.jobs import Worker

class Hangs:
    limit = timedelta(seconds=60)
    async def do(self, job):
        print("claimed", flush=True)
        await asyncio.sleep(60)
    async def failed(self, job, session, by):
        pass

async def main():
    async with Worker(Database(Path(sys.argv[1])), {"chore": Hangs()}).running():
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_what_a_killed_process_had_begun_is_done_by_the_next_one_when_the_claim_has_run_out(database: Database):
    await put(database, "chore:1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLAIMS_AND_HANGS, str(database.path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(30):
        assert await process.stdout.readline() == b"claimed\n"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    chore = Chore(limit_seconds=60)
    start = jobs.utc_now()
    moments = [start]
    async with Worker(database, {"chore": chore}, clock=lambda: moments[-1], poll_seconds=0.05).running():
        await asyncio.sleep(0.2)
        assert chore.did == [], "the claim of the killed process still holds"
        moments.append(start + jobs.lease(chore))
        await until(lambda: chore.recorded)

    (row,) = await rows(database)
    assert (row.attempts, bool(row.done_at)) == (2, True)


# --- What comes again and again


async def planned(database: Database, now: datetime, *periodic: Periodic) -> list[str]:
    async with database.writing() as session:
        await plan(periodic, session, now)
    return [row.key for row in await rows(database)]


DAILY = Periodic("tidy", every(DAY))


async def test_a_job_that_comes_daily_is_first_due_a_day_after_the_first_start(database: Database):
    assert await planned(database, NOON, DAILY) == []
    assert await planned(database, NOON + DAY - timedelta(seconds=1), DAILY) == []
    assert len(await planned(database, NOON + DAY, DAILY)) == 1


async def test_starting_often_neither_repeats_nor_skips_it(database: Database):
    await planned(database, NOON, DAILY)
    for hour in range(24, 48):
        keys = await planned(database, NOON + timedelta(hours=hour), DAILY)

    assert len(keys) == 1
    assert len(await planned(database, NOON + 2 * DAY, DAILY)) == 2


async def test_after_a_long_sleep_it_comes_once_and_keeps_its_hour(database: Database):
    await planned(database, NOON, DAILY)
    keys = await planned(database, NOON + 10 * DAY + timedelta(hours=3), DAILY)

    assert len(keys) == 1
    async with database.reading() as session:
        assert (await session.get_one(DueTime, "tidy")).due_at == NOON + 11 * DAY


async def test_the_worker_does_what_is_due_by_the_clock(database: Database):
    chore = Chore()
    moments = [NOON]
    worker = Worker(database, {"tidy": chore}, [DAILY], clock=lambda: moments[-1], poll_seconds=0.05)
    async with worker.running():
        await asyncio.sleep(0.2)
        assert chore.did == []
        moments.append(NOON + DAY)
        await until(lambda: chore.recorded)


# --- A clock that was ahead, and has gone back

YEAR = timedelta(days=365)


async def test_what_comes_daily_does_not_wait_for_a_day_that_a_wrong_clock_saw(database: Database):
    await planned(database, NOON, DAILY)
    await planned(database, NOON + YEAR, DAILY)

    async with database.reading() as session:
        assert await is_to_plan([DAILY], session, NOON + timedelta(hours=1))
    await planned(database, NOON + timedelta(hours=1), DAILY)

    keys = await planned(database, NOON + timedelta(hours=25), DAILY)
    assert keys[1:] == [f"tidy:{(NOON + timedelta(hours=25)).isoformat()}"]


async def test_what_was_asked_for_by_a_wrong_clock_is_done_now_or_after_its_own_delay(database: Database):
    async with database.writing() as session:
        ahead = NOON + YEAR
        await outbox.enqueue(NewJob(kind="chore", key="at once"), session, ahead)
        await outbox.enqueue(NewJob(kind="chore", key="later", run_at=ahead + timedelta(days=3)), session, ahead)
        await outbox.enqueue(NewJob(kind="chore", key="meant", run_at=NOON + timedelta(days=90)), session, NOON)
    await planned(database, ahead, DAILY)

    await planned(database, NOON, DAILY)

    due = {row.key: row.run_at - NOON for row in await rows(database)}
    assert due == {"at once": timedelta(0), "later": timedelta(days=3), "meant": timedelta(days=90)}


async def test_what_failed_or_was_claimed_under_a_wrong_clock_is_taken_up_again(database: Database):
    async with database.writing() as session:
        for key in ("failed", "claimed"):
            await outbox.enqueue(NewJob(kind=key, key=key), session, NOON)
        ahead = NOON + YEAR
        job = await outbox.claim(Lane("failed"), timedelta(minutes=1), session, ahead)
        assert job
        await outbox.failed(job, NotDone("Nobody answers."), 0.5, session, By(TRESEN, ahead))
        assert await outbox.claim(Lane("claimed"), timedelta(minutes=1), session, ahead)
    await planned(database, ahead, DAILY)

    await planned(database, NOON, DAILY)

    async with database.writing() as session:
        assert await outbox.kinds_due(["failed", "claimed"], session, NOON) == ["failed", "claimed"]


async def test_a_clock_that_is_right_changes_nothing(database: Database):
    await planned(database, NOON, DAILY)

    async with database.reading() as session:
        assert not await is_to_plan([DAILY], session, NOON)
        assert not await is_to_plan([DAILY], session, NOON + DAY - timedelta(seconds=1))
