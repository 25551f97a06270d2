"""What the worker does besides mails and files, and what comes round by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from portal import (
    csv_imports,
    file_checks,
    health,
    notice_mails,
    payment_looks,
    payment_refunds,
    retention,
    scheduled_backups,
    source_options,
    source_reports,
    source_runs,
    source_webhook_jobs,
    storage_grants,
    webhook_jobs,
)
from portal.connectors import Connectors
from portal.csv_files import CsvFiles
from portal.csv_import_jobs import CsvImports
from portal.ground import Ground
from portal.jobs import Routine, Work
from portal.payment_refunds import Refunds
from portal.periodic_jobs import Periodic, every
from portal.reconciliation import Reconciliation
from portal.source_fetches import Fetches
from portal.source_reports import Reports
from portal.source_webhooks import SourceRegistrations
from portal.storefront import Storefront
from portal.till import Till
from portal.webhook_inbox import OF_PROVIDERS
from portal.webhook_registrations import Registrations
from portal.webhook_withdrawals import Withdrawals
from portal.webhooks import Deliveries

CLEAR_CSV_FILES = "clear_csv_files"
DAILY = (CLEAR_CSV_FILES, storage_grants.KIND, file_checks.KIND, health.KIND)
ASK_SOURCES = "ask_sources"


def periodic(storefront: Storefront) -> Iterator[Periodic]:
    """What is asked for again and again; nights are those of the shop."""
    yield Periodic(notice_mails.JOB, every(notice_mails.EVERY))
    yield Periodic(scheduled_backups.ASK, every(scheduled_backups.EVERY))
    yield Periodic(ASK_SOURCES, every(source_runs.EVERY))
    yield Periodic(retention.KIND, retention.every_night(lambda: storefront.zone))
    for kind in DAILY:
        yield Periodic(kind, every(timedelta(days=1)))


def taking_money(till: Till) -> dict[str, Work]:
    """Payments that are unclear or go back, and what payment services report."""
    return {
        payment_looks.KIND: Reconciliation(till),
        payment_refunds.KIND: Refunds(till),
        webhook_jobs.REGISTRATION: Registrations(till),
        webhook_jobs.WITHDRAWAL: Withdrawals(till),
        OF_PROVIDERS: Deliveries(till),
    }


def taking_orders(ground: Ground, connectors: Connectors) -> dict[str, Work]:
    """Orders that shops are asked for, or report."""
    fetches = Fetches(ground.database, connectors, ground.zone)
    writing = ground.database.writing
    return {
        ASK_SOURCES: Routine(partial(source_runs.ask_all, writing), timedelta(minutes=1)),
        **{source_runs.job_kind(kind): fetches for kind in source_options.FETCHED_WITH},
        source_webhook_jobs.REGISTRATION: SourceRegistrations(ground.database, connectors),
        source_reports.KIND: Reports(ground.database, connectors, ground.zone),
    }


def importing(ground: Ground, files: CsvFiles) -> dict[str, Work]:
    """Orders out of files."""
    imports = CsvImports(ground.database, files, ground.zone)
    return {
        csv_imports.DRY_RUN_JOB: imports,
        csv_imports.IMPORT_JOB: imports,
        CLEAR_CSV_FILES: Routine(partial(files.clear, ground.database), timedelta(minutes=5)),
    }


def housekeeping(ground: Ground) -> dict[str, Work]:
    """What is kept no longer than it has to be."""
    shorten = partial(retention.run, ground.database, fixed_zone=ground.zone)
    return {retention.KIND: Routine(shorten, retention.LIMIT)}
