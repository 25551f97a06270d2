"""What storages are called, what has to be said of each kind, and what to do where one does not answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from db.storages import StorageKind
from portal.storage_checks import Check
from portal.storages import Trouble
from views.form import Label
from views.sentences import Sentence, counted, plain, said

KINDS: Mapping[StorageKind, Sentence] = {
    StorageKind.LOCAL: said("Folder of this server"),
    StorageKind.S3: said("S3 or compatible"),
    StorageKind.WEBDAV: said("WebDAV (Nextcloud, ownCloud)"),
    StorageKind.DROPBOX: plain("Dropbox"),
    StorageKind.GDRIVE: plain("Google Drive"),
    StorageKind.ONEDRIVE: plain("OneDrive"),
}
BELOW = said("Empty means everything. Otherwise the path of the folder that holds the files, such as muster/pdf.")
ROOT = Label(said("Folder"), BELOW)
CLIENT_SECRET = Label(said("Client secret"), said("Stored encrypted, and never shown again."))
LABELS: Mapping[StorageKind, Mapping[str, Label]] = {
    StorageKind.LOCAL: {"root": Label(said("Folder"))},
    StorageKind.S3: {
        "endpoint": Label(said("Address"), said("Without the bucket, such as https://s3.eu-central-1.amazonaws.com.")),
        "region": Label(said("Region"), said("Such as eu-central-1. Empty where the service knows none.")),
        "bucket": Label(said("Bucket")),
        "prefix": ROOT,
        "access_key_id": Label(said("Access key ID"), said("A key that may list and read is enough.")),
        "secret_access_key": Label(said("Secret access key"), said("Stored encrypted, and never shown again.")),
    },
    StorageKind.WEBDAV: {
        "endpoint": Label(
            said("Address"), said("In Nextcloud: Files, settings, WebDAV; it ends with the name of the user.")
        ),
        "username": Label(said("User name")),
        "password": Label(
            said("Password"), said("Better an app password than your own. Stored encrypted, and never shown again.")
        ),
        "root": ROOT,
    },
    StorageKind.DROPBOX: {
        "client_id": Label(said("App key")),
        "client_secret": Label(said("App secret"), CLIENT_SECRET.hint),
        "root": ROOT,
    },
    StorageKind.GDRIVE: {"client_id": Label(said("Client ID")), "client_secret": CLIENT_SECRET, "root": ROOT},
    StorageKind.ONEDRIVE: {
        "client_id": Label(said("Application (client) ID")),
        "client_secret": CLIENT_SECRET,
        "root": ROOT,
    },
}


@dataclass(frozen=True)
class Guide:
    """How the merchant makes an app of his own at the service; the redirect URI is shown below the steps."""

    address: str
    steps: Sequence[Sentence]


GUIDES: Mapping[StorageKind, Guide] = {
    StorageKind.DROPBOX: Guide(
        "https://www.dropbox.com/developers/apps",
        (
            said("Create an app with “Scoped access”. “App folder” is enough if the files lie there."),
            said("Under “Permissions” tick files.metadata.read and files.content.read, and submit."),
            said(
                "Under “Settings” enter the redirect URI below, and copy App key and App secret into the fields here."
            ),
        ),
    ),
    StorageKind.GDRIVE: Guide(
        "https://console.cloud.google.com/apis/credentials",
        (
            said("Create a project, and enable the Google Drive API in it."),
            said("Set up the consent screen and publish it: in testing, Google ends every grant after seven days."),
            said("Create an OAuth client ID of the type “Web application” with the redirect URI below."),
            said("Copy client ID and client secret into the fields here."),
        ),
    ),
    StorageKind.ONEDRIVE: Guide(
        "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        (
            said("Register an application for any organization and for personal Microsoft accounts."),
            said("Add the platform “Web” with the redirect URI below."),
            said("Under “Certificates & secrets” create a client secret, and copy its value into the field here."),
            said("The application (client) ID stands on its overview."),
        ),
    ),
}

ADVICE: Mapping[Trouble, tuple[Sentence, Sentence]] = {
    Trouble.UNREACHABLE: (
        said("It cannot be reached."),
        said("Is the address right, and does this server get out to it?"),
    ),
    Trouble.TIMED_OUT: (
        said("It did not answer in time."),
        said("This says nothing about the credentials. Please try again in a few minutes."),
    ),
    Trouble.DENIED: (
        said("It does not let Tresen in."),
        said("Check the credentials, and that they may list and read. An account may have to be connected anew."),
    ),
    Trouble.BUSY: (
        said("It has trouble of its own at the moment."),
        said("This says nothing about the credentials. Please try again in a few minutes."),
    ),
    Trouble.MOVED: (
        said("It sends Tresen somewhere else."),
        said("For safety no redirect is followed. Enter the final address, and the region in which the bucket lies."),
    ),
    Trouble.TOO_MANY: (
        said("There are too many entries in one folder."),
        said("Sort the files into several folders, or name a folder further down."),
    ),
    Trouble.UNEXPECTED: (
        said("The answer is none that such a storage would give."),
        said("Does the address belong to a storage of this kind?"),
    ),
    Trouble.ROOT_MISSING: (
        said("The folder is not there."),
        said("Check the folder and the bucket; large and small letters count."),
    ),
    Trouble.NOT_GRANTED: (
        said("The account is not connected yet."),
        said("Open the storage, and agree at the service."),
    ),
    Trouble.FULL: (
        said("There is no room left in it."),
        said("Make room there, or choose another storage."),
    ),
    Trouble.OPTIONS: (
        said("Its settings do not work any more."),
        said("Open the storage, and enter them anew."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What came of looking; `detail` is what the storage said, in its own words."""

    works: bool
    title: Sentence
    advice: Sentence | None = None
    detail: str = ""

    @staticmethod
    def of(check: Check) -> Checked:
        if check.trouble is None:
            seconds = max((Decimal(check.milliseconds) / 1000).quantize(Decimal("0.01")), Decimal("0.01"))
            title = counted(
                "It answers within %(seconds)s\u00a0s: one entry lies there.",
                "It answers within %(seconds)s\u00a0s: %(count)s entries lie there.",
                check.entries,
                seconds=seconds,
            )
            return Checked(works=True, title=title)
        title, advice = ADVICE[check.trouble]
        return Checked(works=False, title=title, advice=advice, detail=check.detail)


# By the code of a fault, where the field alone does not say what is meant.
FAULTS: Mapping[str, Sentence] = {
    "missing": said("Please enter something here."),
    "unprintable": said("There are characters in it that nobody can see. Please type it anew."),
    "too-long": said("This is too long."),
}
UNUSABLE: Mapping[str, Sentence] = {
    "endpoint": said(
        "Please enter an address such as https://storage.example.org: with https, and without a password in it."
    ),
    "root": said("Please enter the path of a folder such as muster/pdf."),
    "prefix": said("Please enter the path of a folder such as muster/pdf."),
}
