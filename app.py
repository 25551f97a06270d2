"""Puts Tresen together, and the `tresen` command: the only file that knows all rooms."""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from os import environ
from typing import TypeVar

from litestar.types import ASGIApp

import handover
import logs
from command_line import Failure, Misuse, Run, handed_over, listening, parser, password_of
from config import KEY_FILE, Config, ConfigError, from_environment, with_data_directory, with_kept_keys
from db.engine import Database
from db.merchants import is_anybody_in
from db.migrate import NewerDatabase, migrate, newest
from db.payment_providers import ProviderKind
from db.storages import StorageKind
from handover import Ending
from integrations import order_csv, paypal, smtp
from integrations.clouds import Clouds
from integrations.local_folder import Grounds, LocalFolder
from integrations.shops import Shops
from pdfkit.child import Child
from portal import (
    doctor,
    keys,
    links,
    merchants,
    order_imports,
    ready_made,
    sessions,
    settings,
    webhook_registrations,
)
from portal.activity import COMMAND_LINE, By
from portal.doctor import Level, Patient
from portal.hand_offs import HandOffs
from portal.house import Ground, House, built, taken_up
from portal.mail_servers import MailServer
from portal.payment_providers import ProviderChecks
from portal.storages import Opener, Storages
from portal.vault import Vault
from routes import application, protected
from routes.protection import Origins
from views.mail import lost_link, notices, templated

T = TypeVar("T")
GRACE_SECONDS = 10
BY_PAYPAL = (ProviderKind.PAYPAL, ProviderKind.PAYPAL_PLUS)


def storage_kinds(config: Config, clouds: Clouds) -> Mapping[StorageKind, Opener]:
    grounds = Grounds(roots=config.local_roots, data=config.data, files=config.files)
    return {StorageKind.LOCAL: partial(LocalFolder, grounds=grounds), **clouds.openers()}


def paypal_of(config: Config) -> paypal.PayPal:
    """Raises ConfigError."""
    return paypal.PayPal(origins=paypal.origins(config.paypal_api_base))


def migrated(config: Config) -> None:
    """Brings the database to the schema of this Tresen. Raises Failure."""
    try:
        migrate(config.database, config.data / "backups")
    except NewerDatabase as error:
        raise Failure(
            f"The database is of a newer Tresen (schema {error}); start that version, or restore an older backup."
        ) from error
    except sqlite3.DatabaseError as error:
        raise Failure(f"{config.database} cannot be opened: {error}.") from error


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
            backups=(config.backups, not config.keys_given),
            reporters=shops.reporters(),
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
    return protected(application(partial(working, config, ending or Ending())), origins_of(config))


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
        serving.Manner(trusted_proxies=config.trusted_proxies, grace_seconds=GRACE_SECONDS),
        announce,
        ending,
    )
    if not started:
        raise Failure("Tresen could not start; the lines above say why.")


def run_serve(arguments: argparse.Namespace, config: Config) -> None:
    config = with_data_directory(config)
    before = handover.predecessor(environ)
    if listener := before.listener if before else handed_over(environ):
        config = config.serving(*listener.getsockname()[:2])
    else:
        listener = listening(arguments.host or config.host, _port(arguments, config))
        config = config.serving(arguments.host, listener.getsockname()[1])
    migrated(config)  # here already, as the server would tell of a failure by a traceback
    if not config.base_url_given:
        logging.getLogger("tresen").warning(
            "TRESEN_BASE_URL is not set: links lead to %s, and automations stay off.", config.base_url
        )
    told = [f"Tresen serves {config.base_url}"]
    if not is_anybody_in(config.database):
        config = replace(config, first_run_code=sessions.new_code())
        told += [f"First-run code: {config.first_run_code}", f"Set it up at {config.base_url}/admin/first-run"]
    relieve = before.relieve if before else None
    _run(serve(config, listener, lambda: print("\n".join(told), flush=True), relieve))


def run_demo(arguments: argparse.Namespace, config: Config) -> None:
    import demo
    from demo import paypal_stand_in
    from demo.shops import open_for_business

    with (
        demo.directory(arguments.data) as place,
        paypal_stand_in.paypal() as paypal_origin,
        open_for_business(datetime.now(UTC)) as shops,
    ):
        listener = listening(arguments.host or config.host, _port(arguments, config), tries=100)
        config = with_data_directory(demo.config(config, place, paypal_origin, shops.billbee.base)).serving(
            arguments.host, listener.getsockname()[1]
        )
        config = replace(config, base_url_given=True)  # it is looked at where it is served, so automations may run
        told = _run(_with_house(config, lambda house: demo.fill(house, config.files, shops)))
        _run(serve(config, listener, lambda: print(told, flush=True)))


def run_key_add(arguments: argparse.Namespace, config: Config) -> None:
    async def add(house: House) -> str:
        async with house.database.writing() as session:
            return await keys.add(arguments.name, session, By(COMMAND_LINE, datetime.now(UTC)))

    if not arguments.name.strip():
        raise Misuse("Give the key a name that tells who uses it.")
    try:
        key = _run(_with_house(config, add))
    except keys.NameTaken as error:
        raise Failure(f"{error} Choose another name, or revoke that key under /admin/settings/keys first.") from error
    print(f"Key {arguments.name}; it is shown this once:\n{key}")


def run_merchant_add(arguments: argparse.Namespace, config: Config) -> None:
    async def put(house: House) -> bool:
        new = await merchants.newly(email, password)
        async with house.database.writing() as session:
            is_new = await merchants.named(email, session) is None
            await merchants.put(new, session, By(COMMAND_LINE, datetime.now(UTC)))
        return is_new

    try:
        email = merchants.as_email(arguments.email)
        password = password_of(email)
        is_new = _run(_with_house(config, put))
    except merchants.NoMailAddress as error:
        raise Misuse(f"{arguments.email} is not a mail address.") from error
    except merchants.PasswordUnfit as error:
        raise Misuse(f"A password needs at least {merchants.SHORTEST_PASSWORD} characters.") from error
    print(f"{email} can sign in now." if is_new else f"{email} has a new password, and is signed out everywhere.")


def run_link(arguments: argparse.Namespace, config: Config) -> None:
    async def find(house: House) -> str | None:
        async with house.database.reading() as session:
            order = await order_imports.find(order_imports.Key(arguments.source, arguments.external_id), session)
            return house.links.url(links.Link(order.id, order.link_version)) if order else None

    url = _run(_with_house(config, find))
    if url is None:
        raise Failure(f"There is no order {arguments.external_id} of source {arguments.source}.")
    print(url)


def run_backup(arguments: argparse.Namespace, config: Config) -> None:
    import upkeep

    upkeep.save(arguments.file, config)


def run_restore(arguments: argparse.Namespace, config: Config) -> None:
    import upkeep

    upkeep.bring_back(arguments.file, config)


def run_stamp(arguments: argparse.Namespace, config: Config) -> None:
    import stamping

    stamping.stamp(arguments, config)


def run_doctor(_arguments: argparse.Namespace, config: Config) -> None:
    """Nothing is made or migrated here: what is missing is told."""

    async def examine() -> int:
        service, clouds = paypal_of(config), Clouds()
        vault = Vault(config.secret_keys)
        patient = Patient(
            data=config.data,
            database=config.database,
            key_file=None if config.keys_given else config.data / KEY_FILE,
            base_url=config.base_url,
            base_url_given=config.base_url_given,
            vault=vault,
            storages=Storages(storage_kinds(config, clouds), vault),
            provider_checks=ProviderChecks(dict.fromkeys(BY_PAYPAL, service), vault),
            mail_server=mail_server(config),
            mail_probe=partial(smtp.SmtpMailer, hello=smtp.hello(config.base_url)),
        )
        found = []
        try:
            async for finding in doctor.examined(patient, datetime.now(UTC)):
                print(finding.line, flush=True)
                found.append(finding.level)
        finally:
            await clouds.close()
            await service.close()
        return found.count(Level.WRONG)

    config = with_kept_keys(config)
    if number := _run(examine()):
        raise Failure("One thing is wrong." if number == 1 else f"{number} things are wrong.")


def run_version(_arguments: argparse.Namespace, _config: Config) -> None:
    python = ".".join(str(part) for part in sys.version_info[:3])
    print(f"Tresen {version('tresen')}, Python {python}, SQLite {sqlite3.sqlite_version}, schema {newest()}")


RUNS: Mapping[str, Run] = {
    "serve": run_serve,
    "demo": run_demo,
    "key add": run_key_add,
    "merchant add": run_merchant_add,
    "link": run_link,
    "backup": run_backup,
    "restore": run_restore,
    "stamp": run_stamp,
    "doctor": run_doctor,
    "version": run_version,
}


def main(words: Sequence[str] | None = None) -> int:
    """The `tresen` command; the exit status: 2 for wrong use, 1 for failure."""
    arguments = parser(RUNS).parse_args(words)
    try:
        config = from_environment(environ)
        logs.set_up(config.log_level, config.log_format)
        arguments.run(arguments, config)
    except (ConfigError, Misuse) as error:
        print(error, file=sys.stderr)
        return 2
    except Failure as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _port(arguments: argparse.Namespace, config: Config) -> int:
    return config.port if arguments.port is None else int(arguments.port)


async def _with_house(config: Config, deed: Callable[[House], Coroutine[object, object, T]]) -> T:
    async with opened(with_data_directory(config)) as house:
        return await deed(house)


def _run(coroutine: Coroutine[object, object, T]) -> T:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


if __name__ == "__main__":
    sys.exit(main())
