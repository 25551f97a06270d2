"""What one running Tresen is made of: put together once by app.py, asked by every route and job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from db.engine import Database
from db.glance import Glance
from pdfkit.child import Child
from portal import (
    confirmations,
    csv_imports,
    duties,
    erasures,
    file_checks,
    file_inspections,
    health,
    held_runs,
    inspections,
    left_alone,
    links,
    lost_links,
    messages,
    notice_mails,
    outbox,
    retention,
    scheduled_backups,
    source_runs,
    storage_grants,
    triggers,
)
from portal.actions import Hands
from portal.archives import Archives
from portal.automation_runs import AutomationRuns
from portal.confirmations import Confirmations
from portal.connectors import Connectors
from portal.csv_files import CsvFiles
from portal.deliveries import Counter
from portal.doctor import Patient
from portal.erasures import Erasures
from portal.file_checks import FileChecks
from portal.file_inspections import FileInspections
from portal.ground import Ground
from portal.health import Examinations
from portal.inspections import Inspector
from portal.issuing import Issuing
from portal.jobs import Paced, Routine, Worker
from portal.known_browsers import KnownBrowsers
from portal.links import Links
from portal.lost_links import LostLinks
from portal.messages import Messages, Post
from portal.notice_mails import NoticeMails
from portal.observations import Observations
from portal.paces import MailsPerMinute
from portal.payment_providers import ProviderChecks
from portal.preparations import Preparations
from portal.scheduled_backups import ScheduledBackups
from portal.second_looks import SecondLooks
from portal.sessions import Door
from portal.signing import Signer
from portal.source_deliveries import SourceDeliveries
from portal.stamp_previews import Previews
from portal.stamps import Stamps
from portal.storage_grants import StorageGrants
from portal.storages import Storages
from portal.storefront import Storefront
from portal.templated_mails import TemplatedMails
from portal.till import Till
from portal.vault import Vault
from portal.webhook_inbox import OF_SOURCES


@dataclass(frozen=True, kw_only=True)
class House:
    """`base_url` is the public origin; `zone` is set where the environment fixes it."""

    base_url: str
    zone: ZoneInfo | None
    database: Database
    signer: Signer
    links: Links
    child: Child
    inspector: Inspector
    file_checks: FileChecks
    storages: Storages
    storage_grants: StorageGrants
    counter: Counter
    archives: Archives
    scratch: Path
    storefront: Storefront
    glance: Glance
    observations: Observations
    vault: Vault
    post: Post
    messages: Messages
    templated_mails: TemplatedMails
    automation_runs: AutomationRuns
    confirmations: Confirmations
    issuing: Issuing
    worker: Worker
    door: Door
    provider_checks: ProviderChecks
    previews: Previews
    till: Till
    connectors: Connectors
    csv_files: CsvFiles
    source_deliveries: SourceDeliveries
    examinations: Examinations
    version: str
    scheduled_backups: ScheduledBackups


def built(ground: Ground) -> House:
    signer = Signer(ground.keys)
    scratch = ground.cache / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    storefront = Storefront(ground.zone)
    doors = Links(signer, ground.base_url)
    templated = TemplatedMails(doors, ground.templated_mail)
    post = Post(
        vault=Vault(ground.keys),
        mailer_for=ground.mailer_for,
        fixed=ground.mail_server,
        base_url=ground.base_url,
        second_look=SecondLooks(templated, ground.zone).look,
    )
    mail = Messages(ground.database, post, on_sent={confirmations.MAIL: confirmations.mail_was_sent})
    till = Till(
        database=ground.database,
        services=ground.payment_services,
        vault=post.vault,
        signer=signer,
        base_url=ground.base_url,
        hooks_from_here=ground.hooks_from_here,
    )
    lost = LostLinks(
        reading=ground.database.reading, links=doors, messages=mail, write=ground.lost_link_mail, zone=ground.zone
    )
    told = NoticeMails(
        database=ground.database, messages=mail, write=ground.notice_mail, base_url=ground.base_url, zone=ground.zone
    )
    inspector = Inspector(ground.child, scratch)
    checks = FileChecks(ground.database, ground.storages, inspector)
    csv_files = CsvFiles(ground.cache / "csv", ground.csv_reader)
    connectors = Connectors(ground.connectors, post.vault, ground.callers, ground.reporters, ground.base_url)
    source_deliveries = SourceDeliveries(ground.database, connectors, ground.zone)
    issuing = Issuing(ground.database, ground.child, scratch, ground.zone)
    runs = AutomationRuns(
        database=ground.database,
        hands=Hands(messages=mail, mails=templated),
        issuing=issuing,
        has_base_url=ground.base_url_given,
        zone=ground.zone,
    )
    counter = Counter(
        reading=ground.database.reading,
        transaction=ground.database.writing,
        storages=ground.storages,
        stamps=Stamps(ground.cache / "stamped", ground.child, ground.stamps_most_bytes),
        inspector=inspector,
        zone=ground.zone,
        hand_offs=ground.hand_offs,
    )
    provider_checks = ProviderChecks(ground.provider_checks, post.vault)
    examinations = Examinations(_patient(ground, provider_checks, post.vault))
    saved = ScheduledBackups(
        ground.database,
        ground.storages,
        ground.backups,
        keys_inside=not ground.keys_given,
        fixed_zone=ground.zone,
    )
    grants = StorageGrants(ground.granters, ground.database, ground.storages.vault, ground.base_url)
    return House(
        base_url=ground.base_url,
        zone=ground.zone,
        database=ground.database,
        signer=signer,
        links=doors,
        child=ground.child,
        inspector=inspector,
        file_checks=checks,
        storages=ground.storages,
        storage_grants=grants,
        counter=counter,
        archives=Archives(counter, Preparations()),
        scratch=scratch,
        storefront=storefront,
        glance=Glance(ground.database.path),
        observations=Observations(ground.database.writing),
        vault=post.vault,
        post=post,
        messages=mail,
        templated_mails=templated,
        automation_runs=runs,
        confirmations=Confirmations(ground.database, mail, ground.zone),
        issuing=issuing,
        worker=Worker(
            ground.database,
            works={
                messages.KIND: mail,
                messages.AUTOMATIC: Paced(mail, MailsPerMinute(ground.database, messages.AUTOMATIC)),
                triggers.JOB: runs,
                left_alone.JOB: left_alone.Notices(),
                lost_links.KIND: lost,
                notice_mails.JOB: Routine(told.run, notice_mails.LIMIT),
                storage_grants.KIND: Routine(grants.renew, storage_grants.LIMIT),
                file_inspections.KIND: FileInspections(checks),
                file_checks.KIND: Routine(checks.run, file_checks.LIMIT),
                health.KIND: examinations,
                scheduled_backups.ASK: Routine(saved.ask, timedelta(minutes=1)),
                scheduled_backups.KIND: saved,
                **duties.taking_money(till),
                OF_SOURCES: source_deliveries,
                **duties.taking_orders(ground, connectors),
                **duties.importing(ground, csv_files),
                **duties.housekeeping(ground),
                erasures.KIND: Erasures(database=ground.database, csv_files=csv_files, stamps=counter.stamps),
            },
            periodic=list(duties.periodic(storefront)),
        ),
        door=Door(ground.database, KnownBrowsers(signer), ground.first_run_code),
        provider_checks=provider_checks,
        previews=Previews(ground.child, ground.storages, scratch),
        till=till,
        connectors=connectors,
        csv_files=csv_files,
        source_deliveries=source_deliveries,
        examinations=examinations,
        version=ground.version,
        scheduled_backups=saved,
    )


async def taken_up(house: House, now: datetime) -> None:
    """At a start: what the process before this one left in the middle is ended, or goes on at once."""
    await house.counter.stamps.take_up()
    await inspections.clear(house.scratch)
    await source_runs.break_off(house.database.writing, now)
    await csv_imports.take_up(house.database.writing)
    async with house.database.writing() as session:
        await links.begin_anew(session, now)
        if await house.messages.is_set_up(session):  # which may be new: the environment can name another one
            await held_runs.release_unless_paused(session, now)
        # A run acts in one transaction: what is not written was not done. The others may be done again without harm.
        again = [triggers.JOB, erasures.KIND, retention.KIND, health.KIND, scheduled_backups.KIND]
        await outbox.let_go(again, session)


def _patient(ground: Ground, provider_checks: ProviderChecks, vault: Vault) -> Patient:
    return Patient(
        data=ground.database.path.parent,
        database=ground.database.path,
        key_file=ground.key_file,
        base_url=ground.base_url,
        base_url_given=ground.base_url_given,
        vault=vault,
        storages=ground.storages,
        provider_checks=provider_checks,
        mail_server=ground.mail_server,
        mail_probe=ground.mailer_for,
    )
