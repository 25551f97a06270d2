"""`tresen doctor`: looks at everything a shop stands on, changes nothing, and says of each what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from db.engine import Database
from portal.doctor import chains, machine, papers, services
from portal.doctor.finding import Finding, Level, Phrase, note, phrase, wrong
from portal.mail_servers import MailProbe, MailServer
from portal.payment_providers import ProviderChecks
from portal.storages import Storages
from portal.vault import Vault

__all__ = ["Finding", "Level", "Patient", "Phrase", "examined"]


THE_REST = phrase("the rest")


def free_bytes(place: Path) -> int:
    return shutil.disk_usage(place).free


@dataclass(frozen=True, kw_only=True)
class Patient:
    """The shop of one data directory.

    `key_file` is None where the environment gives the keys; `mail_server` is what the environment fixes, if it does.
    """

    data: Path
    database: Path
    key_file: Path | None
    base_url: str
    base_url_given: bool
    vault: Vault
    storages: Storages
    provider_checks: ProviderChecks
    mail_server: MailServer | None
    mail_probe: Callable[[MailServer], MailProbe]
    free_bytes: Callable[[Path], int] = free_bytes


async def examined(patient: Patient, now: datetime) -> AsyncIterator[Finding]:
    """One finding after the other, as each is made: a shop with many documents takes its time."""
    first: Iterable[Finding] = [
        machine.data_directory(patient.data, patient.key_file),
        machine.disk(patient.data, patient.database, patient.free_bytes),
        machine.base_url(patient.base_url, given=patient.base_url_given),
    ]
    for finding in first:
        yield finding
    schema = machine.schema(patient.database)
    yield schema
    if schema.level is not Level.OK:
        told = phrase("was not looked at, as the database could not be read")
        yield note(THE_REST, told, phrase("Mend the database first, and look again."))
        return
    yield await machine.integrity(patient.database)
    try:
        async for finding in _inside(patient, now):
            yield finding
    except DBAPIError as error:
        told = phrase("could not be looked at: the database failed (%(error)s)", error=error.orig)
        yield wrong(
            THE_REST, told, phrase("Restore the last backup, unless the line about the database says it is sound.")
        )


async def _inside(patient: Patient, now: datetime) -> AsyncIterator[Finding]:
    database = Database(patient.database)
    try:
        async with database.reading() as session:
            yield await machine.clock(session, now)
            yield await services.keys(patient.vault, session)
        yield await services.mail(patient.mail_server, patient.mail_probe, patient.vault, database.reading)
        async for finding in services.storages(patient.storages, database.reading):
            yield finding
        async for finding in services.providers(patient.provider_checks, database.reading):
            yield finding
        yield await papers.hashes(database.reading)
        async for finding in papers.series(database.reading, now):
            yield finding
        yield await chains.chains(database.reading)
        async with database.reading() as session:
            if restored := await papers.restored(session, now):
                yield restored
    finally:
        await database.close()
