"""What every setting is called on its tab and in the history: one place, by section and field."""

from __future__ import annotations

from collections.abc import Mapping

from db.payment_providers import PayMethod, ProviderKind
from db.settings import MailTls, PaidRule, TaxRegime
from db.sources import SourceKind
from views.admin.automation_words import MATCHES, TRIGGERS
from views.form import Label
from views.sentences import Sentence, plain, said

UNLIMITED = said("Empty means unlimited.")
APPEARANCE: Mapping[str, Label] = {
    "image": Label(said("Logo or banner")),
    "greeting_html": Label(
        said("Greeting"),
        said(
            "Placeholders: {UserName} is the buyer’s name, {OrderNumber} the number of the order,"
            " {Platform} the marketplace or shop."
        ),
    ),
    "accent_colour": Label(said("Accent colour")),
}
INVOICES: Mapping[str, Label] = {
    "download_enabled": Label(
        said("Allow invoice download"), said("Customers see the section Invoice on their portal page.")
    ),
    "auto_create": Label(
        said("Automatic invoice creation"),
        said("Paid, and no invoice yet? Then it is created when the customer asks for it."),
    ),
    "window_days": Label(said("Download possible for"), said("From the invoice date. Empty means unlimited.")),
    "address_correction": Label(
        said("Customers may correct their billing address"), said("Until the first invoice is created.")
    ),
}
ARTICLE: Mapping[str, Label] = {"name": Label(said("Title"), said("For you; empty means as it was ordered last."))}
LINKED_FILE: Mapping[str, Label] = {
    "name": Label(said("Title for customers"), said("Empty means the name of the file."))
}
FILES: Mapping[str, Label] = {
    "download_enabled": Label(
        said("File download enabled"), said("Customers see the section Downloads on their portal page.")
    ),
    "limit_per_file": Label(said("Downloads per file"), UNLIMITED),
    "limit_times_quantity": Label(
        said("Times the ordered quantity"), said("Whoever buys a file three times gets three times the downloads.")
    ),
    "window_days": Label(said("Download possible for"), said("From payment. Empty means unlimited.")),
    "deliver_protected": Label(
        said("Deliver PDFs that forbid changes"),
        said(
            "An owner password forbids changes to some PDFs. Switch this on if you may hand them out stamped:"
            " they then need no release each, and the copies are without that protection."
        ),
    ),
    "waiver_required": Label(
        said("Waiver of the right of withdrawal"),
        said(
            "Before the first download the customer has to consent,"
            " unless the shop has brought the consent along already."
        ),
    ),
    "waiver_text": Label(
        said("Text beside the box"),
        said(
            "It has to hold the express consent and that the right of withdrawal ends with it."
            " Consent given before keeps its wording."
        ),
    ),
    "watermark_text": Label(
        said("Watermark text"),
        said(
            "Stands on every page of every PDF. Placeholders: {UserName}, {OrderNumber}, {OrderDate}."
            " Empty means no watermark."
        ),
    ),
    "watermark_font_size_pt": Label(said("Watermark font size")),
    "watermark_x_mm": Label(said("Horizontal position"), said("From the left edge")),
    "watermark_y_mm": Label(said("Vertical position"), said("From the bottom edge")),
}
SELLER: Mapping[str, Label] = {
    "name": Label(said("Name or company")),
    "street": Label(said("Street and number")),
    "zip": Label(said("Postcode")),
    "city": Label(said("Town")),
    "country": Label(said("Country"), said("Two letters, such as DE")),
    "vat_id": Label(said("VAT identification number"), said("This or the tax number has to stand on invoices.")),
    "tax_number": Label(said("Tax number")),
    "tax_regime": Label(
        said("Taxation"),
        choices={
            TaxRegime.STANDARD: said("With value added tax"),
            TaxRegime.SMALL_BUSINESS: said("Small business without value added tax"),
        },
    ),
    "invoice_series": Label(
        said("Number series"), said("{year} becomes the year of the invoice; the running number follows.")
    ),
    "invoice_start": Label(said("First number"), said("Fixed as soon as the series has begun.")),
    "credit_note_series": Label(
        said("Number series of credit notes"), said("Empty means that they are numbered with the invoices.")
    ),
    "credit_note_start": Label(said("First number of credit notes"), said("Fixed as soon as the series has begun.")),
    "email": Label(said("Mail address"), said("Customers who have a question write here.")),
    "phone": Label(said("Telephone")),
    "contact_name": Label(said("Contact person")),
    "iban": Label(said("IBAN")),
    "bic": Label(said("BIC")),
    "bank_name": Label(said("Bank")),
    "imprint_url": Label(said("Address of the legal notice")),
    "privacy_url": Label(said("Address of the privacy notice")),
    "terms_url": Label(said("Address of the terms")),
}
GENERAL: Mapping[str, Label] = {
    "paid_rule": Label(
        said("When an order counts as paid"),
        said("On open account, cash on delivery and prepayment only the payment itself counts, whatever is chosen."),
        choices={
            PaidRule.PIPELINE: said("As soon as it is packed or shipped, too"),
            PaidRule.STRICT: said("Only when the money is there"),
        },
    ),
    "withdrawal_days": Label(said("Period of withdrawal")),
    "link_retention_days": Label(
        said("Portal links end after"), said("Counted from the end of the last right behind the link.")
    ),
    "log_retention_days": Label(
        said("Access logs are kept for"),
        said("Addresses of visitors are shortened when they are noted, and go then. Art. 5 (1) (c) and (e) GDPR."),
    ),
    "timezone": Label(said("Time zone"), said("TRESEN_TIMEZONE wins where it is set.")),
}
RETENTION: Mapping[str, Label] = {
    "work_retention_days": Label(
        said("Calls of services and finished jobs"),
        said("What nobody needs any more goes: Art. 5 (1) (e) GDPR. Forged calls go after a day."),
    ),
    "run_retention_days": Label(
        said("Runs of automations"), said("What they did stays in the history of the order. Art. 5 (1) (e) GDPR.")
    ),
    "message_retention_years": Label(
        said("Mails"),
        said("Business letters have to be kept for six years: § 147 (3) AO, § 257 (4) HGB."),
    ),
    "order_retention_years": Label(
        said("Buyers of orders"),
        said(
            "Then the order tells of nobody any more; lines and sums stay. Receipts have to be kept for eight years:"
            " § 147 (3) AO. An order behind whose link a right is left is not touched."
        ),
    ),
    "waiver_retention_years": Label(
        said("Proof of consents"),
        said("As long as claims can be made, at least three years: §§ 195, 199 BGB, Art. 17 (3) (e) GDPR."),
    ),
}
IN_PRIVACY = ("link_retention_days", "log_retention_days")
MAIL: Mapping[str, Label] = {
    "smtp_host": Label(said("Mail server"), said("Such as smtp.example.org; empty means that no mail is sent.")),
    "smtp_port": Label(said("Port")),
    "smtp_tls": Label(
        said("Encryption"),
        choices={
            MailTls.STARTTLS: plain("STARTTLS"),
            MailTls.IMPLICIT: said("TLS from the first byte"),
            MailTls.NONE: said("None"),
        },
    ),
    "smtp_user": Label(said("User name")),
    "smtp_password": Label(said("Password"), said("Stored encrypted, and never shown again.")),
    "from_address": Label(said("Sender address")),
    "from_name": Label(said("Sender name")),
}
PROVIDER: Mapping[str, Label] = {
    "active": Label(said("Active")),
    "name": Label(said("Display name"), said("Only you see this name.")),
    "kind": Label(
        said("Type"),
        choices={
            ProviderKind.PAYPAL: said("PayPal"),
            ProviderKind.PAYPAL_PLUS: said("PayPal Plus"),
            ProviderKind.BANK_TRANSFER: said("Bank transfer with GiroCode"),
        },
    ),
    "sandbox": Label(
        said("Sandbox"), said("Then the credentials are those of the test environment. No money is moved.")
    ),
    "client_id": Label(said("PayPal App Client ID")),
    "client_secret": Label(said("PayPal App Client Secret")),
}
METHODS: Mapping[str, Sentence] = {
    PayMethod.PAYPAL: said("PayPal"),
    PayMethod.PAYLATER: said("Pay later"),
    PayMethod.SEPA: said("Direct debit"),
    PayMethod.CARD: said("Credit or debit card"),
}
PROVIDER_HISTORY = {**PROVIDER, "methods": Label(said("Methods that customers choose from"), choices=METHODS)}
SOURCE: Mapping[str, Label] = {
    "active": Label(said("Active")),
    "name": Label(
        said("Name"),
        said("Lower-case letters, digits and hyphens. It stands in addresses, and stays with the first order."),
    ),
    "base_url": Label(
        said("Address of the shop"), said("Such as https://shop.example.org. Another one needs the keys anew.")
    ),
    "consumer_key": Label(
        said("Consumer key"), said("In WooCommerce: Settings, Advanced, REST API. Read is enough to fetch orders.")
    ),
    "consumer_secret": Label(said("Consumer secret"), said("Stored encrypted, and never shown again.")),
    "webhook_secret": Label(
        said("Secret of the webhooks"),
        said("What WooCommerce signs with. Empty means that one is made up when needed."),
    ),
    "username": Label(said("User name"), said("The mail address that you sign in to Billbee with.")),
    "password": Label(said("API password"), said("A password of its own, in Billbee: Settings, API.")),
    "api_key": Label(said("API key"), said("Billbee gives it out on request.")),
    "waiver_needs_text": Label(
        said("Consent to the loss of the right of withdrawal counts only with its time and text"),
        said("Otherwise the shop’s word is enough."),
    ),
    "invoices_elsewhere": Label(
        said("Invoices are written elsewhere"), said("Then no invoice is made here for orders of this source.")
    ),
    "kind": Label(
        said("Type"),
        choices={
            SourceKind.API: said("API"),
            SourceKind.BILLBEE: plain("Billbee"),
            SourceKind.WOOCOMMERCE: plain("WooCommerce"),
            SourceKind.CSV: said("CSV files"),
        },
    ),
}
IDENTITY = (
    *("name", "street", "zip", "city", "country", "vat_id", "tax_number", "tax_regime"),
    *("invoice_series", "invoice_start", "credit_note_series", "credit_note_start"),
)
MESSAGE: Mapping[str, Label] = {
    "name": Label(said("Name"), said("Only you see this name. It is the same in every language.")),
    "subject": Label(said("Subject")),
    "html": Label(said("Mail with formats")),
    "text": Label(
        said("Mail as plain text"),
        said("For mail programs that show no formats. Empty means that it is made by itself."),
    ),
    "attach_invoice": Label(said("Attach the invoice"), said("Where there is one that the customer may have.")),
}
AUTOMATIONS: Mapping[str, Label] = {
    "paused": Label(
        said("Pause all automations"), said("What would run is held, and looked at anew when the pause is over.")
    ),
    "mails_per_minute": Label(
        said("Mails per minute"), said("At most, of what automations send. More of them wait for their turn.")
    ),
    "relay_addresses": Label(
        said("Also to addresses that marketplaces lend"),
        said("Amazon, eBay and Etsy forbid to lead their buyers elsewhere, and hold such mails back."),
    ),
}
AUTOMATION_HISTORY: Mapping[str, Label] = {
    "name": Label(said("Name")),
    "active": Label(said("Active")),
    "trigger": Label(said("When"), choices={str(kind): words for kind, words in TRIGGERS.items()}),
    "delay_minutes": Label(said("Wait in minutes")),
    "match": Label(said("Conditions"), choices={str(kind): words for kind, words in MATCHES.items()}),
    "position": Label(said("Place in the order")),
}
RHYTHMS: Mapping[str, Sentence] = {"off": said("Off"), "daily": said("Daily"), "weekly": said("Weekly")}
WEEKDAYS: Mapping[str, Sentence] = {
    "0": said("Monday"),
    "1": said("Tuesday"),
    "2": said("Wednesday"),
    "3": said("Thursday"),
    "4": said("Friday"),
    "5": said("Saturday"),
    "6": said("Sunday"),
}
BACKUPS: Mapping[str, Label] = {
    "rhythm": Label(said("How often"), choices=RHYTHMS),
    "hour": Label(said("Hour")),
    "weekday": Label(said("Weekday, for weekly ones"), choices=WEEKDAYS),
    "storage_id": Label(said("Where to")),
    "kept": Label(said("How many are kept"), said("From 1 to 365. Older ones go once a newer one was read back.")),
}
BY_SECTION: Mapping[str, Mapping[str, Label]] = {
    "appearance_settings": APPEARANCE,
    "invoice_settings": INVOICES,
    "file_settings": FILES,
    "seller_settings": SELLER,
    "mail_settings": MAIL,
    "general_settings": GENERAL,
    "retention_settings": RETENTION,
    "automation_settings": AUTOMATIONS,
    "backup_settings": BACKUPS,
}
