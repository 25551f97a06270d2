"""Where PayPal is: whom the API's calls go to, and where a customer may be sent."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from config import ConfigError
from portal.mail_servers import is_loopback

LIVE, SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"
PAYPALS = (".paypal.com",)


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Where PayPal's API is; the same origin twice where the operator replaces both."""

    live: str = LIVE
    sandbox: str = SANDBOX

    def of(self, sandbox: bool) -> str:
        return self.sandbox if sandbox else self.live

    @property
    def replaced_by(self) -> str:
        """The operator's own origin; empty where it is PayPal's."""
        return "" if self.live == LIVE else self.live

    @property
    def is_on_this_machine(self) -> bool:
        return is_loopback(urlsplit(self.replaced_by).hostname or "")

    def is_paypals(self, url: str) -> bool:
        """Whether that address is one to send customers to, whatever an answer says.

        Browsers follow a form to hosts below PayPal's domain alone, as the page's policy says.
        """
        try:
            parts = urlsplit(url)
            host, user = parts.hostname or "", parts.username
            origin = f"{parts.scheme}://{parts.netloc}"
        except ValueError:
            return False
        if not url.isprintable() or " " in url or user is not None:
            return False
        at_paypal = parts.scheme == "https" and host.endswith(PAYPALS) and parts.port in (None, 443)
        return at_paypal or origin in {self.live, self.sandbox}


def origins(text: str) -> Origins:
    """What TRESEN_PAYPAL_API_BASE says; PayPal's own where it says nothing. Raises ConfigError."""
    if not text:
        return Origins()
    base = text.rstrip("/")
    try:
        url = urlsplit(base)
        is_origin = base == f"{url.scheme}://{url.netloc}" and bool(url.hostname) and url.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or url.scheme not in ("http", "https") or "@" in base or not base.isprintable() or " " in base:
        raise ConfigError(f"TRESEN_PAYPAL_API_BASE must be an origin such as {SANDBOX}, not {text}.")
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ConfigError("TRESEN_PAYPAL_API_BASE: credentials are sent by https only, except to this very machine.")
    return Origins(live=base, sandbox=base)
