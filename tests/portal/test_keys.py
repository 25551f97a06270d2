"""Keys of the API: no two of one name, and when each was last used."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.engine import Database
from db.keys import ApiKey, ApiKeyObservation
from portal import keys
from portal.keys import NameTaken
from portal.observations import Observations
from tests.factories import NOON, SHOP


async def add(database: Database, name: str = "etsy") -> ApiKey:
    async with database.writing() as session:
        key = await keys.add(name, session, SHOP)
        found = await keys.owner(key, session)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["etsy", "Etsy"])
async def test_a_second_key_of_one_name_is_refused(database: Database, name: str):
    await add(database)

    with pytest.raises(NameTaken):
        await add(database, name)


async def test_the_name_of_a_revoked_key_is_free_again(database: Database):
    old = await add(database)
    async with database.writing() as session:
        await keys.revoke(old.id, session, SHOP)

    await add(database)


async def test_the_last_use_is_noted_once_an_hour_and_no_more_is_kept(database: Database):
    key, never = await add(database), await add(database, "billbee")
    noted = Observations(database.writing)
    for minutes in (0, 10, 59, 60, 100):
        noted.key_used(key.id, NOON + timedelta(minutes=minutes))
        await noted.write()

    async with database.reading() as session:
        used = await keys.last_used(session)
        rows = await session.scalar(select(func.count()).select_from(ApiKeyObservation))
    assert used == {key.id: NOON + timedelta(hours=1)}
    assert never.id not in used
    assert rows == 1
