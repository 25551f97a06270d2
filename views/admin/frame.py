"""What stands round every page of the back office: only what there is to go to."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sessions import SignedIn
from views import View
from views.sentences import Sentence, said

APPEARANCE = "/admin/settings/portal/appearance"
# A new screen is one line here: its name, the paths that are part of it, where it begins.
MAIN = (
    (said("Orders"), "/admin/orders", "/admin/orders"),
    (said("Invoices"), "/admin/invoices", "/admin/invoices"),
    (said("Articles"), "/admin/articles", "/admin/articles"),
    (said("Automations"), "/admin/automations", "/admin/automations"),
    (said("Messages"), "/admin/messages", "/admin/messages"),
    (said("Settings"), "/admin/settings", APPEARANCE),
)
SETTINGS = (
    (said("Customer portal"), "/admin/settings/portal", APPEARANCE),
    (said("Seller"), "/admin/settings/seller", "/admin/settings/seller"),
    (said("Mail"), "/admin/settings/mail", "/admin/settings/mail"),
    (said("Sources"), "/admin/settings/sources", "/admin/settings/sources"),
    (said("Storages"), "/admin/storages", "/admin/storages"),
    (said("Backup"), "/admin/settings/backups", "/admin/settings/backups"),
    (said("API keys"), "/admin/settings/keys", "/admin/settings/keys"),
    (said("Privacy"), "/admin/settings/privacy", "/admin/settings/privacy"),
    (said("Health"), "/admin/settings/health", "/admin/settings/health"),
    (said("My account"), "/admin/settings/account", "/admin/settings/account"),
)
PORTAL = (
    (said("Appearance"), APPEARANCE, APPEARANCE),
    (said("Invoices"), "/admin/settings/portal/invoices", "/admin/settings/portal/invoices"),
    (said("Files"), "/admin/settings/portal/files", "/admin/settings/portal/files"),
    (said("Payment providers"), "/admin/settings/portal/payments", "/admin/settings/portal/payments"),
)
HOME = MAIN[0][2]


@dataclass(frozen=True, kw_only=True)
class NavLink:
    """`current`: "page" where it leads to the page itself, "true" to one above it, else empty."""

    label: Sentence
    url: str
    current: str = ""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """`settings` and `tabs` are empty outside the settings."""

    email: str
    theme: str
    notices: int
    in_notices: bool
    main: tuple[NavLink, ...]
    settings: tuple[NavLink, ...]
    tabs: tuple[NavLink, ...]

    @staticmethod
    def of(merchant: SignedIn, path: str) -> Frame:
        settings = _links(SETTINGS, path)
        in_settings = any(link.current for link in settings)
        return Frame(
            email=merchant.email,
            theme="" if merchant.theme == "system" else merchant.theme.value,
            notices=merchant.notices,
            in_notices=path == "/admin/activity",
            main=_links(MAIN, "/admin/settings" if in_settings else path),
            settings=settings if in_settings else (),
            tabs=_links(PORTAL, path) if path.startswith("/admin/settings/portal/") else (),
        )


@dataclass(frozen=True, kw_only=True)
class OfficePage(View):
    """A page behind the counter."""

    frame: Frame


def _links(known: tuple[tuple[Sentence, str, str], ...], path: str) -> tuple[NavLink, ...]:
    return tuple(NavLink(label=label, url=url, current=_current(below, path, url)) for label, below, url in known)


def _current(below: str, path: str, url: str) -> str:
    if path == url:
        return "page"
    return "true" if path == below or path.startswith(f"{below}/") else ""
