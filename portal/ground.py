"""What a house is built on: the configuration and everything that reaches outside, chosen by assembly.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from db.engine import Database
from db.payment_providers import ProviderKind
from db.sources import SourceKind
from db.storages import StorageKind
from pdfkit.child import Child
from portal import notice_mails, templated_mails
from portal.csv_reading import CsvReader
from portal.fetching import Caller, Connector, Reporter
from portal.hand_offs import HandOffs
from portal.lost_links import Writer
from portal.mail_servers import MailerFor, MailServer
from portal.paying import PaymentProvider
from portal.payment_providers import ProviderCheck
from portal.stamps import MOST_BYTES
from portal.storage_grants import Granter
from portal.storages import Storages


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What must be given to build a house. `mail_server` is what the environment fixes, if it does.

    `base_url_given`: somebody chose it; a guess is good enough for pages, not for what mails say.
    `backups` is where scheduled ones lie. `key_file` is None where the environment gives the keys.
    """

    base_url: str
    keys: tuple[str, ...]
    zone: ZoneInfo | None
    cache: Path
    backups: Path
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
    keys_given: bool = False
    reporters: Mapping[SourceKind, Reporter] = field(default_factory=dict)
    key_file: Path | None = None
    version: str = ""
