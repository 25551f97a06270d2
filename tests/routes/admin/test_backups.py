"""The page Sicherung: what is chosen, what is warned of, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime

from db.backups import BackupRun, BackupSettings, BackupState, Rhythm
from portal import scheduled_backups, settings
from tests.routes.customer.conftest import Running

PAGE = "/admin/settings/backups"
CHOSEN = {"rhythm": "weekly", "hour": "4", "weekday": "2", "storage_id": "", "kept": "14"}


async def test_it_warns_and_says_that_there_is_none_yet(jana):
    page = (await jana.get(PAGE)).text

    assert "Geheimschlüssel" in page
    assert "Es gibt noch keine Sicherung." in page


async def test_what_is_chosen_is_kept(jana, tresen: Running):
    answer = await jana.post(PAGE, data=CHOSEN)

    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    async with tresen.house.database.reading() as session:
        row = await settings.of(BackupSettings, session)
    assert (row.rhythm, row.hour, row.weekday, row.kept) == (Rhythm.WEEKLY, 4, 2, 14)


async def test_what_nobody_can_choose_is_said_at_its_field(jana):
    for name, value in {"kept": "0", "hour": "24", "rhythm": "never", "storage_id": "99", "weekday": ""}.items():
        answer = await jana.post(PAGE, data={**CHOSEN, name: value})

        assert answer.status_code == 422
        assert f'id="{name}-error"' in answer.text


async def test_it_is_begun_by_hand_once_and_shown_as_running(jana, tresen: Running):
    first, second = [await jana.post(f"{PAGE}/runs") for _ in range(2)]

    page = (await jana.get(PAGE)).text
    assert (first.status_code, second.status_code) == (303, 303)
    assert "Eine Sicherung läuft." in page
    assert "Jetzt sichern" not in page
    async with tresen.house.database.reading() as session:
        assert len(await scheduled_backups.runs(session)) == 1


async def test_a_failed_one_says_why(jana, tresen: Running):
    async with tresen.house.database.writing() as session:
        session.add(
            BackupRun(
                begun_at=datetime(2026, 11, 29, 12, tzinfo=UTC),
                name="tresen-1.tar.gz",
                place="/mnt/<b>",
                state=BackupState.FAILED,
                error="no-room",
                detail="No space left",
            )
        )

    page = (await jana.get(PAGE)).text

    assert "Auf der Platte dieses Servers ist kein Platz mehr." in page
    assert "/mnt/&lt;b&gt;" in page
