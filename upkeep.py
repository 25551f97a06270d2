"""What `tresen backup` and `tresen restore` do and say. Imported by these commands alone: a server needs no tar."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from command_line import Failure
from config import Config
from portal import backup, restore
from portal.backup_archive import BackupFailed


def save(file: Path, config: Config) -> None:
    """Raises Failure."""
    shop = backup.Shop(
        data=config.data, database=config.database, keys_inside=not config.keys_given, version=version("tresen")
    )
    try:
        manifest = asyncio.run(backup.save(shop, file, datetime.now(UTC)))
    except BackupFailed as error:
        raise Failure(str(error)) from error
    size = f"{manifest.size / 1e6:.1f} MB"
    print(f"{file} holds {len(manifest.members)} files ({size}), read back and compared.")
    if config.keys_given:
        print("The secret keys come from TRESEN_SECRET_KEYS and are not inside: keep them elsewhere, too.")
    for root in config.local_roots:
        if not root.resolve().is_relative_to(config.data.resolve()):
            print(f"{root} is not inside: it lies outside the data directory.")


def bring_back(file: Path, config: Config) -> None:
    """Raises Failure."""
    try:
        manifest = asyncio.run(restore.restore(file, config.data, config.database.name))
    except BackupFailed as error:
        raise Failure(str(error)) from error
    print(f"{config.data} holds the shop of {manifest.at} again: {len(manifest.members)} files, each compared.")
    if manifest.keys == "environment":
        print("Its secret keys are not inside: set TRESEN_SECRET_KEYS as it was, or no link that was sent will open.")
    elif config.keys_given:
        print("TRESEN_SECRET_KEYS is set and wins over the keys in the backup: links that were sent may not open.")
