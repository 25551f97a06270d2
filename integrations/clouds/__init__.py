"""Storages elsewhere, by kind. What speaks to them is imported when the first one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from db.storages import StorageKind
from portal.storage_grants import Agreement, Client, Granter
from portal.storages import Opener, Storage

if TYPE_CHECKING:
    from integrations.clouds.drive import Account
    from integrations.clouds.grants import Grants, Service, Tokens
    from integrations.clouds.wire import Wire

GRANTED = (StorageKind.DROPBOX, StorageKind.GDRIVE, StorageKind.ONEDRIVE)


class Clouds:
    """All over one pool of connections. `services` replaces where the three with a grant are asked."""

    def __init__(self, services: Mapping[StorageKind, Service] | None = None, wire: Wire | None = None) -> None:
        self._services = services or {}
        self._given = wire

    def openers(self) -> Mapping[StorageKind, Opener]:
        return {
            StorageKind.S3: self._s3,
            StorageKind.WEBDAV: self._webdav,
            StorageKind.DROPBOX: self._dropbox,
            StorageKind.GDRIVE: self._gdrive,
            StorageKind.ONEDRIVE: self._onedrive,
        }

    def granters(self) -> Mapping[StorageKind, Granter]:
        return {kind: Agreeing(self, kind) for kind in GRANTED}

    def grants(self, kind: StorageKind) -> Grants:
        from integrations.clouds.grants import Grants

        service = self._services.get(kind) or import_module(f"integrations.clouds.{kind.value}").SERVICE
        return Grants(service, self.wire)

    async def close(self) -> None:
        if "wire" in self.__dict__:  # nobody opened one otherwise
            await self.wire.close()

    @cached_property
    def wire(self) -> Wire:
        from integrations.clouds.wire import Wire

        return self._given or Wire()

    @cached_property
    def _tokens(self) -> Tokens:
        from integrations.clouds.grants import Tokens

        return Tokens()

    def _account(self, kind: StorageKind, options: Mapping[str, str]) -> Account:
        from integrations.clouds.drive import account

        return account(options, self.grants(kind), self._tokens)

    def _s3(self, options: Mapping[str, str]) -> Storage:
        from integrations.clouds.s3 import S3

        return S3(options, self.wire)

    def _webdav(self, options: Mapping[str, str]) -> Storage:
        from integrations.clouds.webdav import WebDav

        return WebDav(options, self.wire)

    def _dropbox(self, options: Mapping[str, str]) -> Storage:
        from integrations.clouds.dropbox import Dropbox

        return Dropbox(self._account(StorageKind.DROPBOX, options))

    def _gdrive(self, options: Mapping[str, str]) -> Storage:
        from integrations.clouds.gdrive import GoogleDrive

        return GoogleDrive(self._account(StorageKind.GDRIVE, options))

    def _onedrive(self, options: Mapping[str, str]) -> Storage:
        from integrations.clouds.onedrive import OneDrive

        return OneDrive(self._account(StorageKind.ONEDRIVE, options))


@dataclass(frozen=True)
class Agreeing:
    """Fulfils portal.storage_grants.Granter without an import until somebody asks."""

    clouds: Clouds
    kind: StorageKind

    def address(self, client_id: str, redirect_uri: str, state: str, challenge: str) -> str:
        return self.clouds.grants(self.kind).address(client_id, redirect_uri, state, challenge)

    async def agreed(self, client: Client, agreement: Agreement) -> str:
        return await self.clouds.grants(self.kind).agreed(client, agreement)

    async def renewed(self, client: Client, refresh_token: str) -> str:
        return await self.clouds.grants(self.kind).renewed(client, refresh_token)
