"""Behind the counter: how the shop stands, told from what was found last, and looked at anew when somebody asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from db.backups import BackupRun, BackupState
from db.health import Examination
from db.outbox import WAITING, Job
from db.sources import RunCause, RunOutcome, Source, SourceKind, SourceRun
from portal import health, outbox
from portal.activity import TRESEN, By
from portal.house import taken_up
from portal.outbox import Lane, NewJob, NotDone
from tests.routes.admin.conftest import Browser
from views.admin.health import TASKS

PATH = "/admin/settings/health"


async def examined(jana: Browser) -> Examination:
    """As soon as the worker is through with it."""
    for _ in range(600):
        async with jana.tresen.house.database.reading() as session:
            row = await health.last_examination(session)
            if row and not await health.is_awaited(session):
                return row
        await asyncio.sleep(0.05)
    raise AssertionError("nobody has looked")


async def given_up(jana: Browser, kind: str, why: str) -> None:
    house, now = jana.tresen.house, datetime.now(UTC)
    async with house.database.writing() as session:
        await outbox.enqueue(NewJob(kind=kind, key=f"{kind}:1"), session, now)
        job = await outbox.claim(Lane(kind), timedelta(minutes=1), session, now)
        assert job
        await outbox.failed(job, NotDone(why, permanent=True), 0.5, session, By(TRESEN, now))


async def test_a_stranger_sees_nothing_and_starts_nothing(stranger):
    looked = await stranger.get(PATH)
    asked = await stranger.post(f"{PATH}/examinations")

    assert (looked.status_code, asked.status_code) == (303, 401)
    assert "Platte" not in looked.text + asked.text
    async with stranger.tresen.house.database.reading() as session:
        assert await session.scalar(select(func.count()).where(Job.kind == health.KIND)) == 0


async def test_before_the_first_look_every_part_says_what_it_is_for(jana):
    page = (await jana.get(PATH)).text

    for words in (
        "Noch wurde nicht geprüft", "Jetzt prüfen", "Nichts wartet, und nichts wurde aufgegeben", "Einrichten",
        "Keine Quelle ist verbunden", "Es gibt noch keine Sicherung", "Freier Plattenplatz",
        jana.tresen.house.version,
    ):  # fmt: skip
        assert words in page, words


async def test_looking_at_the_page_asks_for_no_examination(jana):
    await jana.get(PATH)

    async with jana.tresen.house.database.reading() as session:
        assert not await health.is_awaited(session)
        assert await health.last_examination(session) is None


async def test_whoever_asks_gets_the_findings_with_what_to_do_in_their_language(jana):
    answer = await jana.post(f"{PATH}/examinations")
    row = await examined(jana)
    page = (await jana.get(PATH)).text

    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert row.ended_at >= row.begun_at
    for words in ("Datenverzeichnis", "Setzen Sie TRESEN_BASE_URL", "jede Seite ist heil", "Neu prüfen"):
        assert words in page, words
    assert "every page is sound" not in page


async def test_asking_twice_is_asking_once(jana):
    house = jana.tresen.house
    await house.worker.end()
    for _ in range(2):
        assert (await jana.post(f"{PATH}/examinations")).status_code == 303

    async with house.database.reading() as session:
        assert await session.scalar(select(func.count()).where(WAITING, Job.kind == health.KIND)) == 1
    page = (await jana.get(PATH)).text
    assert "Eine Prüfung läuft" in page
    assert "Jetzt prüfen" not in page


async def test_an_examination_that_fails_is_told_and_can_be_asked_for_again(jana):
    examinations = jana.tresen.house.examinations

    def vanished(_place):
        raise OSError("the disk is gone")

    sound = examinations.patient
    examinations.patient = replace(sound, free_bytes=vanished)
    await jana.post(f"{PATH}/examinations")
    for _ in range(600):
        if "eine wurde aufgegeben" in (page := (await jana.get(PATH)).text):
            break
        await asyncio.sleep(0.05)
    examinations.patient = sound
    await jana.post(f"{PATH}/examinations")

    assert "Tresen itself failed: OSError." in page
    assert "Jetzt prüfen" in page
    assert (await examined(jana)).findings


async def test_an_examination_that_the_end_of_the_process_broke_off_goes_on_at_the_next_start(jana):
    house, now = jana.tresen.house, datetime.now(UTC)
    await house.worker.end()
    async with house.database.writing() as session:
        await health.ask(session, now)
        assert await outbox.claim(Lane(health.KIND), health.LIMIT, session, now)

    await taken_up(house, now)

    async with house.database.writing() as session:
        assert await outbox.claim(Lane(health.KIND), health.LIMIT, session, now)


async def test_what_waits_and_what_was_given_up_is_told_with_its_cause(jana):
    await given_up(jana, "payment_refund", "Der <Dienst> war weg.")

    page = (await jana.get(PATH)).text

    assert "Erstattungen" in page
    assert "eine wurde aufgegeben" in page
    assert "Der &lt;Dienst&gt; war weg." in page
    assert "Nichts wartet" not in page


async def test_the_last_run_of_a_source_is_told_with_what_to_do(jana):
    now = datetime.now(UTC)
    async with jana.tresen.house.database.writing() as session:
        source = Source(name="laden", kind=SourceKind.WOOCOMMERCE, created_at=now)
        session.add_all([source, Source(name="skript", created_at=now)])
        await session.flush()
        run = SourceRun(source_id=source.id, cause=RunCause.CLOCK, asked_at=now)
        run.ended_at, run.outcome = now, RunOutcome.DENIED
        session.add(run)

    page = (await jana.get(PATH)).text

    assert "Kopieren Sie sie" in page
    assert "wurde nie gefragt" in page


async def test_what_became_of_the_last_backup_by_itself_is_told(jana):
    house, now = jana.tresen.house, datetime.now(UTC)
    assert "Es gibt noch keine Sicherung" in (await jana.get(PATH)).text

    async with house.database.writing() as session:
        run = BackupRun(
            begun_at=now, ended_at=now, state=BackupState.FAILED, name="shop.tar.gz", place="x", error="unreachable"
        )
        session.add(run)
    page = (await jana.get(PATH)).text

    assert "shop.tar.gz" in page
    assert "Es gibt noch keine Sicherung" not in page


async def test_backups_are_told_newest_first_and_what_is_still_written_is_not(jana):
    folder = jana.tresen.config.data / "backups"
    folder.mkdir()
    (folder / "tresen-0024-x.sqlite3").write_bytes(b"x" * 2000)
    (folder / "shop.tar.gz").write_bytes(b"x" * 5000)
    (folder / ".half.tar.gz").write_bytes(b"x")

    found = await health.backups(jana.tresen.config.data)
    page = (await jana.get(PATH)).text

    assert {copy.name for copy in found} == {"tresen-0024-x.sqlite3", "shop.tar.gz"}
    assert [copy.at for copy in found] == sorted((copy.at for copy in found), reverse=True)
    assert "ohne Dateien und Schlüssel" in page
    assert ".half" not in page


async def test_only_the_last_examinations_are_kept(jana):
    house = jana.tresen.house
    for _ in range(health.KEPT + 2):
        async with house.database.writing() as session:
            await health._keep(datetime.now(UTC), [], session, datetime.now(UTC))

    async with house.database.reading() as session:
        assert await session.scalar(select(func.count(Examination.id))) == health.KEPT


async def test_every_kind_of_task_has_a_name_on_the_page(jana):
    assert set(jana.tresen.house.worker._works) <= set(TASKS)
