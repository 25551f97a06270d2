"""What one running Tresen is made of: put together once by app.py, asked by every route and job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database, Reading
from db.glance import Glance
from db.payment_providers import ProviderKind
from db.settings import GeneralSettings, SellerSettings
from db.sources import SourceKind
from db.storages import StorageKind
from pdfkit.child import Child
from portal import (
    confirmations,
    csv_imports,
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
    payment_looks,
    payment_refunds,
    retention,
    scheduled_backups,
    settings,
    source_options,
    source_reports,
    source_runs,
    source_webhook_jobs,
    storage_grants,
    templated_mails,
    triggers,
    webhook_jobs,
)
from portal.actions import Hands
from portal.archives import Archives
from portal.automation_runs import AutomationRuns
from portal.confirmations import Confirmations
from portal.connectors import Connectors
from portal.csv_files import CsvFiles
from portal.csv_import_jobs import CsvImports
from portal.csv_reading import CsvReader
from portal.deliveries import Counter
from portal.doctor import Patient
from portal.dossiers import SellerFacts, seller_facts
from portal.erasures import Erasures
from portal.fetching import Caller, Connector, Reporter
from portal.file_checks import FileChecks
from portal.file_inspections import FileInspections
from portal.hand_offs import HandOffs
from portal.health import Examinations
from portal.inspections import Inspector
from portal.issuing import Issuing
from portal.jobs import Paced, Routine, Work, Worker
from portal.known_browsers import KnownBrowsers
from portal.links import Links
from portal.lost_links import LostLinks, Writer
from portal.mail_servers import MailerFor, MailServer
from portal.messages import Messages, Post
from portal.notice_mails import NoticeMails
from portal.observations import Observations
from portal.paces import MailsPerMinute
from portal.paying import PaymentProvider
from portal.payment_providers import ProviderCheck, ProviderChecks
from portal.payment_refunds import Refunds
from portal.periodic_jobs import Periodic, every
from portal.preparations import Preparations
from portal.reconciliation import Reconciliation
from portal.scheduled_backups import ScheduledBackups
from portal.second_looks import SecondLooks
from portal.sessions import Door
from portal.signing import Signer
from portal.source_deliveries import SourceDeliveries
from portal.source_fetches import Fetches
from portal.source_reports import Reports
from portal.source_webhooks import SourceRegistrations
from portal.stamp_previews import Previews
from portal.stamps import MOST_BYTES, Stamps
from portal.storage_grants import Granter, StorageGrants
from portal.storages import Storages
from portal.templated_mails import TemplatedMails
from portal.till import Till
from portal.vault import Vault
from portal.webhook_inbox import OF_PROVIDERS, OF_SOURCES
from portal.webhook_registrations import Registrations
from portal.webhook_withdrawals import Withdrawals
from portal.webhooks import Deliveries

DAILY = ("clear_csv_files", storage_grants.KIND, file_checks.KIND, health.KIND)
ASK_SOURCES = "ask_sources"


class Storefront:
    """The seller as error pages name them, the zone that days count in, how long links live: known without a look."""

    def __init__(self, fixed_zone: ZoneInfo | None) -> None:
        self._fixed_zone = fixed_zone
        self._shop_version = 0
        self.zone = fixed_zone or ZoneInfo("Europe/Berlin")
        self.link_retention_days = 400
        self.seller = SellerFacts(name="", email="", phone="", imprint_url="", privacy_url="", terms_url="")

    async def keep_up(self, shop_version: int, reading: Reading) -> None:
        """Looks again if anything about the shop has changed, be it by another process."""
        if shop_version != self._shop_version:
            async with reading() as session:
                await self.refresh(session)
            self._shop_version = shop_version

    async def refresh(self, session: AsyncSession) -> None:
        self.seller = seller_facts(await settings.of(SellerSettings, session))
        general = await settings.of(GeneralSettings, session)
        self.zone = settings.zone_of(general, self._fixed_zone)
        self.link_retention_days = general.link_retention_days


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


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What must be given to build a house. `mail_server` is what the environment fixes, if it does.

    `base_url_given`: somebody chose it; a guess is good enough for pages, not for what mails say.
    `key_file` is None where the environment gives the keys.
    """

    base_url: str
    keys: tuple[str, ...]
    zone: ZoneInfo | None
    cache: Path
    database: Database
    storages: Storages
    child: Child
    mailer_for: MailerFor
    csv_reader: CsvReader
    lost_link_mail: Writer
    notice_mail: notice_mails.Writer
    templated_mail: templated_mails.Writer
    mail_server: MailServer | None = None
    first_run_code: str = ""
    stamps_most_bytes: int = MOST_BYTES
    hand_offs: HandOffs = field(default_factory=HandOffs)
    provider_checks: Mapping[ProviderKind, ProviderCheck] = field(default_factory=dict)
    granters: Mapping[StorageKind, Granter] = field(default_factory=dict)
    payment_services: Mapping[ProviderKind, PaymentProvider] = field(default_factory=dict)
    hooks_from_here: bool = False
    connectors: Mapping[SourceKind, Connector] = field(default_factory=dict)
    callers: Mapping[SourceKind, Caller] = field(default_factory=dict)
    base_url_given: bool = True
    backups: Path | None = None
    keys_given: bool = False
    reporters: Mapping[SourceKind, Reporter] = field(default_factory=dict)
    key_file: Path | None = None
    version: str = ""


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
        ground.backups or ground.database.path.parent / "backups" / "scheduled",
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
                **_taking_money(till),
                OF_SOURCES: source_deliveries,
                **_taking_orders(ground, connectors),
                **_importing(ground, csv_files),
                **_housekeeping(ground),
                erasures.KIND: Erasures(database=ground.database, csv_files=csv_files, stamps=counter.stamps),
            },
            periodic=[
                Periodic(notice_mails.JOB, every(notice_mails.EVERY)),
                Periodic(scheduled_backups.ASK, every(scheduled_backups.EVERY)),
                Periodic(ASK_SOURCES, every(source_runs.EVERY)),
                Periodic(retention.KIND, retention.every_night(lambda: storefront.zone)),
                *(Periodic(kind, every(timedelta(days=1))) for kind in DAILY),
            ],
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


def _taking_money(till: Till) -> dict[str, Work]:
    return {
        payment_looks.KIND: Reconciliation(till),
        payment_refunds.KIND: Refunds(till),
        webhook_jobs.REGISTRATION: Registrations(till),
        webhook_jobs.WITHDRAWAL: Withdrawals(till),
        OF_PROVIDERS: Deliveries(till),
    }


def _taking_orders(ground: Ground, connectors: Connectors) -> dict[str, Work]:
    fetches = Fetches(ground.database, connectors, ground.zone)
    writing = ground.database.writing
    return {
        ASK_SOURCES: Routine(partial(source_runs.ask_all, writing), timedelta(minutes=1)),
        **{source_runs.job_kind(kind): fetches for kind in source_options.FETCHED_WITH},
        source_webhook_jobs.REGISTRATION: SourceRegistrations(ground.database, connectors),
        source_reports.KIND: Reports(ground.database, connectors, ground.zone),
    }


def _importing(ground: Ground, files: CsvFiles) -> dict[str, Work]:
    imports = CsvImports(ground.database, files, ground.zone)
    return {
        csv_imports.DRY_RUN_JOB: imports,
        csv_imports.IMPORT_JOB: imports,
        "clear_csv_files": Routine(partial(files.clear, ground.database), timedelta(minutes=5)),
    }


def _housekeeping(ground: Ground) -> dict[str, Work]:
    shorten = partial(retention.run, ground.database, fixed_zone=ground.zone)
    return {retention.KIND: Routine(shorten, retention.LIMIT)}
