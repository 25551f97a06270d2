"""A backup comes by itself, counts only when it was read back, and only then older ones of ours go."""

import errno
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db.activity import Activity
from db.backups import BackupRun, BackupSettings, BackupState, Rhythm
from db.storages import StorageKind
from portal import backup, backup_outcomes, outbox, scheduled_backups, settings
from portal import storages as connected
from portal.activity import By, entry
from portal.backup_archive import unpack
from portal.backup_rhythms import Cause, due, tried_again
from portal.house import House
from portal.jobs import attempt, lease
from portal.number_gaps import RESTORED
from portal.outbox import Lane, NotDone
from portal.scheduled_backups import KIND
from portal.settings import BackupsChange
from portal.storages import NewStorage, TakesBackups
from tests.factories import BERLIN
from views.admin.backup_words import SENTENCES

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
BY = By("merchant:1", NOW)


async def choose(house: House, **fields) -> None:
    async with house.database.writing() as session:
        await settings.change(BackupSettings, BackupsChange(**fields), session, BY)


async def runs(house: House) -> list[BackupRun]:
    """Oldest first."""
    async with house.database.reading() as session:
        return (await scheduled_backups.runs(session))[::-1]


async def work(house: House, now: datetime = NOW) -> None:
    async with house.database.writing() as session:
        job = await outbox.claim(Lane(KIND), lease(house.scheduled_backups), session, now)
    assert job
    await attempt(job, house.scheduled_backups, house.database.writing, lambda: now)


async def save(house: House, now: datetime = NOW) -> BackupRun:
    async with house.database.writing() as session:
        await house.scheduled_backups.begin(session, now)
    await work(house, now)
    return (await runs(house))[-1]


def archives(house: House) -> set[str]:
    return {path.name for path in house.scheduled_backups.folder.iterdir() if path.is_file()}


# --- When


def wanted(rhythm: Rhythm, hour: int = 3, weekday: int = 0) -> BackupSettings:
    return BackupSettings(rhythm=rhythm, hour=hour, weekday=weekday)


def test_nothing_is_due_while_it_is_off():
    assert not due(wanted(Rhythm.OFF), None, NOW, BERLIN)


def test_the_first_one_comes_at_once():
    assert due(wanted(Rhythm.DAILY), None, NOW, BERLIN)


@pytest.mark.parametrize(
    ("now", "is_due"),
    [
        (datetime(2026, 11, 30, 1, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 30, 2, 0, tzinfo=UTC), True),  # 3:00 in Berlin
    ],
)
def test_a_daily_one_comes_at_its_hour_on_the_merchants_clock(now, is_due):
    assert due(wanted(Rhythm.DAILY), NOW, now, BERLIN) is is_due


def test_a_weekly_one_comes_on_its_day(now=datetime(2026, 11, 30, 2, tzinfo=UTC)):
    assert not due(wanted(Rhythm.WEEKLY, weekday=1), datetime(2026, 11, 24, 2, tzinfo=UTC), now, BERLIN)
    assert due(wanted(Rhythm.WEEKLY, weekday=0), datetime(2026, 11, 24, 2, tzinfo=UTC), now, BERLIN)


def test_one_that_was_missed_comes_late_and_once():
    late = datetime(2026, 12, 3, 17, tzinfo=UTC)

    assert due(wanted(Rhythm.DAILY), NOW, late, BERLIN)
    assert not due(wanted(Rhythm.DAILY), late, late + timedelta(minutes=5), BERLIN)


def failed(cause: Cause, ended_at: datetime) -> BackupRun:
    return BackupRun(begun_at=NOW, name="x", place="y", state=BackupState.FAILED, error=cause.value, ended_at=ended_at)


def test_a_failed_one_is_tried_again_an_hour_later():
    assert not tried_again(failed(Cause.NO_ROOM, NOW), NOW + timedelta(minutes=59))
    assert tried_again(failed(Cause.NO_ROOM, NOW), NOW + timedelta(hours=1))


def test_the_one_that_a_shop_was_restored_from_is_not_made_again():
    assert not tried_again(failed(Cause.RESTORED, NOW), NOW + timedelta(days=1))


@pytest.mark.parametrize("day", [datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)])
def test_where_the_clock_is_changed_it_comes_once_in_that_night(day):
    last, begun = day, []
    for step in range(24 * 12):
        now = day + timedelta(minutes=5 * step)
        if due(wanted(Rhythm.DAILY, hour=2), last, now, BERLIN):
            last = now
            begun.append(now)

    assert len(begun) == 1


# --- What comes of it


async def test_the_archive_lies_in_the_folder_with_its_sum_and_holds_the_shop(house):
    run = await save(house)

    archive = house.scheduled_backups.folder / run.name
    assert run.state is BackupState.DONE
    assert (run.size, run.sha256) == (archive.stat().st_size, hashlib.sha256(archive.read_bytes()).hexdigest())
    assert "tresen.sqlite3" in {member.name for member in unpack(archive, None).members}
    assert archive.stat().st_mode & 0o777 == 0o600
    assert archives(house) == {run.name}


async def test_what_is_due_is_begun_once(house):
    await choose(house, rhythm=Rhythm.DAILY)

    await house.scheduled_backups.ask(NOW)
    await house.scheduled_backups.ask(NOW + timedelta(minutes=5))
    await work(house)
    await house.scheduled_backups.ask(NOW + timedelta(minutes=10))

    assert [run.state for run in await runs(house)] == [BackupState.DONE]


async def test_older_ones_than_are_kept_go_but_nothing_that_we_did_not_name(house):
    await choose(house, kept=2)
    house.scheduled_backups.folder.mkdir(parents=True)
    (house.scheduled_backups.folder / "tresen-mine.tar.gz").touch()

    for hour in range(4):
        await save(house, NOW + timedelta(hours=hour))

    found = await runs(house)
    assert archives(house) == {"tresen-mine.tar.gz", found[2].name, found[3].name}
    assert [run.removed_at is not None for run in found] == [True, True, False, False]


async def test_one_that_fails_removes_nothing_and_is_told_once_a_day(house, monkeypatch):
    await choose(house, kept=1)
    first = await save(house)

    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backup, "save", full)
    for hours in (24, 25, 48):
        await save(house, NOW + timedelta(hours=hours))

    assert archives(house) == {first.name}
    assert [(run.state, run.error) for run in await runs(house)][1:] == [(BackupState.FAILED, Cause.NO_ROOM)] * 3
    async with house.database.reading() as session:
        told = list(await session.scalars(select(Activity.notice).where(Activity.kind == backup_outcomes.FAILED)))
    assert told == [True, False, True]


@pytest.mark.parametrize(("rhythm", "states"), [(Rhythm.DAILY, ["failed", "done"]), (Rhythm.OFF, ["failed"])])
async def test_after_a_failure_it_is_asked_for_again_within_the_hour_unless_it_is_off(house, rhythm, states):
    await choose(house, rhythm=rhythm)
    folder = house.scheduled_backups.folder
    folder.parent.mkdir(exist_ok=True)
    folder.touch()
    await save(house)
    folder.unlink()

    await house.scheduled_backups.ask(NOW + timedelta(minutes=55))
    assert len(await runs(house)) == 1
    await house.scheduled_backups.ask(NOW + timedelta(hours=1))
    if len(await runs(house)) > 1:
        await work(house, NOW + timedelta(hours=1))

    assert [run.state.value for run in await runs(house)] == states


async def test_a_restored_shop_leaves_the_archives_of_the_one_it_was_copied_from(house):
    await choose(house, kept=1)
    before = await save(house)
    async with house.database.writing() as session:
        session.add(entry(By("command-line", NOW + timedelta(hours=1)), RESTORED))

    first, second = [await save(house, NOW + timedelta(hours=hours)) for hours in (2, 3)]

    assert archives(house) == {before.name, second.name}
    assert [run.removed_at is not None for run in await runs(house)] == [False, True, False]
    assert first.name not in archives(house)


async def test_one_that_is_broken_off_again_and_again_tells_by_what(house):
    async with house.database.writing() as session:
        run = await house.scheduled_backups.begin(session, NOW)
        job = await outbox.claim(Lane(KIND), lease(house.scheduled_backups), session, NOW)
        assert job
        given_up = await outbox.failed(job, NotDone("Tresen was ended.", permanent=True), 0, session, BY)
        assert given_up
        await house.scheduled_backups.failed(given_up, session, BY)

    async with house.database.reading() as session:
        [told] = await session.scalars(select(Activity).where(Activity.kind == backup_outcomes.FAILED))
    assert [(each.id, each.error, each.detail) for each in await runs(house)] == [
        (run.id, Cause.BROKEN_OFF, "Tresen was ended.")
    ]
    said = SENTENCES[backup_outcomes.FAILED](told.details)
    assert "again and again" in str(said) or "Tresen was ended." in str(said)


async def test_a_folder_that_cannot_be_made_is_told(house):
    house.scheduled_backups.folder.parent.mkdir(exist_ok=True)
    house.scheduled_backups.folder.touch()

    run = await save(house)

    assert (run.state, run.error) == (BackupState.FAILED, Cause.UNWRITABLE)


async def test_a_killed_one_begins_anew_and_leaves_no_half_archive(house):
    async with house.database.writing() as session:
        run = await house.scheduled_backups.begin(session, NOW)
        await outbox.claim(Lane(KIND), lease(house.scheduled_backups), session, NOW)
    folder: Path = house.scheduled_backups.folder
    (folder / ".tresen-old.tar.gz.unfinished" / "now").mkdir(parents=True)
    (folder / ".outgoing").mkdir()
    (folder / ".outgoing" / "tresen-old.tar.gz").write_bytes(b"half")

    async with house.database.writing() as session:
        await outbox.let_go([KIND], session)
    await work(house)

    assert [(each.name, each.state) for each in await runs(house)] == [(run.name, BackupState.DONE)]
    assert {path.name for path in folder.rglob("*")} == {run.name, ".outgoing"}


async def test_a_storage_that_backups_go_to_stays(house):
    async with house.database.writing() as session:
        new = NewStorage(
            name="files", kind=StorageKind.LOCAL, options={"root": str(house.database.path.parent / "files")}
        )
        row = await connected.add(new, house.storages, session, BY)
    await choose(house, storage_id=row.id)

    async with house.database.writing() as session:
        with pytest.raises(TakesBackups):
            await connected.remove(row, session, BY)
