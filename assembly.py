"""Puts Tresen together: the only file that knows all rooms."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from litestar.types import ASGIApp

from command_line import Failure
from config import KEY_FILE, Config
from db.engine import Database
from db.migrate import MigrationFailed, NewerDatabase, migrate, newest
from db.payment_providers import ProviderKind
from db.storages import StorageKind
from handover import Ending
from integrations import order_csv, paypal, smtp
from integrations.clouds import Clouds
from integrations.local_folder import Grounds, LocalFolder
from integrations.shops import Shops
from pdfkit.child import Child
from portal import ready_made, settings, webhook_registrations
from portal.ground import Ground
from portal.hand_offs import HandOffs
from portal.house import House, built, taken_up
from portal.mail_servers import MailServer
from portal.storages import Opener, Storages
from portal.vault import Vault
from routes import application, protected
from routes.protection import Origins
from views.mail import lost_link, notices, templated

GRACE_SECONDS = 10
BY_PAYPAL = (ProviderKind.PAYPAL, ProviderKind.PAYPAL_PLUS)


def storage_kinds(config: Config, clouds: Clouds) -> Mapping[StorageKind, Opener]:
    grounds = Grounds(roots=config.local_roots, data=config.data, files=config.files)
    return {StorageKind.LOCAL: partial(LocalFolder, grounds=grounds), **clouds.openers()}


def paypal_of(config: Config) -> paypal.PayPal:
    """Raises ConfigError."""
    return paypal.PayPal(origins=paypal.origins(config.paypal_api_base))


def migrated(config: Config) -> None:
    """Brings the database to the schema of this Tresen. Raises Failure, and ConfigError before anything is changed: the
    Tresen of before could not go back to a database that was migrated."""
    mail_server(config)
    paypal.origins(config.paypal_api_base)
    Shops(Clouds(), config.billbee_api_base)
    try:
        migrate(config.database, config.data / "backups")
    except NewerDatabase as error:
        raise Failure(
            f"The database is of a newer Tresen (schema {error}); start that version, or restore an older backup."
        ) from error
    except MigrationFailed as error:
        logging.getLogger("tresen").debug("The migration failed.", exc_info=error)
        raise Failure(_unmigrated(error, config)) from error
    except sqlite3.DatabaseError as error:
        raise Failure(f"{config.database} cannot be opened: {error}. `tresen doctor` says what to do.") from error


def _unmigrated(error: MigrationFailed, config: Config) -> str:
    if error.schema is None:
        return f"{config.database} could not be made ({error.cause})."
    failed = "could not be copied before the upgrade" if error.backup is None else f"did not become schema {newest()}"
    copy = f"; its copy from before is {error.backup}" if error.backup else ""
    return (
        f"The database {failed} ({error.cause}) and is as it was, of schema {error.schema}: mend the cause and start"
        f" again, or go on with the Tresen that you ran before{copy}."
    )


def mail_server(config: Config) -> MailServer | None:
    """What TRESEN_SMTP_URL fixes. Raises ConfigError."""
    return smtp.from_url(config.smtp_url) if config.smtp_url else None


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[House]:
    """The house of that data directory: created, migrated and laid out as needed."""
    migrated(config)
    database = Database(config.database)
    child = Child(fonts=config.fonts)
    clouds = Clouds()
    shops = Shops(clouds, config.billbee_api_base)
    service = paypal_of(config)
    house = built(
        Ground(
            base_url=config.base_url,
            keys=config.secret_keys,
            zone=config.timezone,
            cache=config.cache,
            database=database,
            storages=Storages(storage_kinds(config, clouds), Vault(config.secret_keys)),
            granters=clouds.granters(),
            child=child,
            mailer_for=partial(smtp.SmtpMailer, hello=smtp.hello(config.base_url)),
            csv_reader=order_csv,
            lost_link_mail=lost_link.written,
            notice_mail=notices.written,
            templated_mail=templated.written,
            mail_server=mail_server(config),
            first_run_code=config.first_run_code,
            stamps_most_bytes=config.stamp_cache_mib * 1024**2,
            hand_offs=HandOffs(config.accel_prefix, config.presign_origins),
            provider_checks=dict.fromkeys(BY_PAYPAL, service),
            payment_services=dict.fromkeys(BY_PAYPAL, service),
            hooks_from_here=service.origins.is_on_this_machine,
            connectors=shops.connectors(),
            callers=shops.callers(),
            base_url_given=config.base_url_given,
            backups=config.backups,
            keys_given=config.keys_given,
            reporters=shops.reporters(),
            key_file=None if config.keys_given else config.data / KEY_FILE,
            version=version("tresen"),
        )
    )
    try:
        async with database.writing() as session:
            await settings.lay_out(session)
            await ready_made.lay_out(session, datetime.now(UTC))
            await house.storefront.refresh(session)
        await webhook_registrations.keep_up(house.till, house.till.clock())
        noting = asyncio.create_task(house.observations.run())
        yield house
        noting.cancel()
        await asyncio.gather(noting, return_exceptions=True)
    finally:
        house.glance.close()
        await clouds.close()
        await child.close()
        await service.close()
        await database.close()


def create_app(config: Config, ending: Ending | None = None) -> ASGIApp:
    """The whole application as ASGI, for a config whose data directory and keys are there.

    Once `ending` has begun no job is begun any more, while running requests still end. Raises ConfigError.
    """
    mail_server(config)  # a wrong address of it is told now, and not by a traceback out of the server
    Shops(Clouds(), config.billbee_api_base)  # the same
    origins = origins_of(config)
    return protected(application(partial(working, config, ending or Ending())), origins, config.trusted_proxies)


def origins_of(config: Config) -> Origins:
    """Whose pages may call this one, and where its forms may lead. Raises ConfigError."""
    replaced_by = paypal_of(config).origins.replaced_by
    targets = ("https://*.paypal.com", replaced_by) if replaced_by else ("https://*.paypal.com",)
    return Origins(config.base_url, form_targets=(*targets, *config.presign_origins))


@asynccontextmanager
async def working(config: Config, ending: Ending) -> AsyncIterator[House]:
    """The house with its worker, which has its ten seconds from the beginning of `ending` on."""

    async def work_off(house: House) -> None:
        await ending.begun.wait()
        await house.worker.end(GRACE_SECONDS)
        ending.worked_off.set()

    async with opened(config) as house:
        await taken_up(house, datetime.now(UTC))
        async with house.worker.running(GRACE_SECONDS):
            working_off = asyncio.create_task(work_off(house))
            yield house
            working_off.cancel()
    ending.worked_off.set()


async def serve(
    config: Config,
    listener: socket.socket,
    announce: Callable[[], None],
    relieve: Callable[[], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, then gives running requests and jobs the same ten seconds. Raises Failure.

    `relieve` comes last before anything is taken up: it waits for a process that has served until now.
    """
    import serving

    ending = Ending()
    app = create_app(config, ending)
    if relieve:
        relieve()
    started = await serving.serve(
        app,
        listener,
        announce,
        ending,
        GRACE_SECONDS,
    )
    if not started:
        raise Failure("Tresen could not start; the lines above say why.")
