"""The `tresen` command: what each of its words does."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from os import environ
from typing import TypeVar

import handover
import logs
from assembly import BY_PAYPAL, mail_server, migrated, opened, paypal_of, serve, storage_kinds
from command_line import Failure, Misuse, Run, handed_over, listening, parser, password_of
from config import KEY_FILE, Config, ConfigError, from_environment, with_data_directory, with_kept_keys
from db.merchants import is_anybody_in
from db.migrate import newest
from integrations import smtp
from integrations.clouds import Clouds
from portal import doctor, keys, links, merchants, order_imports, sessions
from portal.activity import COMMAND_LINE, By
from portal.doctor import Level, Patient
from portal.house import House
from portal.payment_providers import ProviderChecks
from portal.storages import Storages
from portal.vault import Vault

T = TypeVar("T")


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

    if not config.database.is_file():  # which a look for a link must not make
        raise Failure(f"There is no shop in {config.data}; TRESEN_DATA says where it is.")
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
    """The `tresen` command; the exit status: 2 for wrong use, 1 for failure, 141 where nobody reads what it prints."""
    try:
        try:
            return _done(words)
        finally:
            print(end="", flush=True)  # here, where it can still be told that nobody reads it
    except BrokenPipeError:
        return _unheard()


def _done(words: Sequence[str] | None) -> int:
    arguments = parser(RUNS).parse_args(words)
    try:
        for word in vars(arguments).values():
            if isinstance(word, str) and any("\ud800" <= each <= "\udfff" for each in word):  # how Python hands it over
                raise Misuse("A word of the command is no text in UTF-8.")
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


def _unheard() -> int:
    """Whoever read what is printed has gone, as `head` does: no failure of ours. The status is that of SIGPIPE.

    What is still to be printed goes nowhere, as Python would complain of it once more at its end; see the note on
    SIGPIPE in the documentation of its module `signal`.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


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
