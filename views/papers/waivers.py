"""The confirmation of a consent, which the customer keeps, and the evidence of it, which the merchant keeps."""

from __future__ import annotations

from datetime import UTC, datetime

from babel import Locale
from babel.dates import format_date

from db.waivers import ConfirmationWay, WaiverSource
from pdfkit.outcome import Letter
from portal.waiver_records import WaiverRecord
from views.papers.speech import Speech
from views.sentences import Sentence, said

GROUP = 8  # letters of a digest that the eye takes in at once


def confirmation(record: WaiverRecord, locale: Locale) -> Letter:
    """What the customer gets: the same for the mail, the page and the PDF, today and in ten years."""
    speech = Speech(locale)
    declared = said(
        "On %(moment)s you declared for order %(number)s:",
        moment=speech.moment(record.given_at),
        number=record.order_number,
    )
    return Letter(
        title=speech.say(said("Confirmation of your consent")),
        sender="\n".join(record.seller) or record.shop_name,
        language=locale.language,
        before=(speech.say(declared),),
        quotation=record.waiver.text or "",
        facts=tuple((speech.say(label), value) for label, value in facts(record, speech)),
        after=(speech.say(said("Please keep this confirmation. The shop keeps one, too.")),),
        foot=speech.say(said("Order %(number)s", number=record.order_number)),
    )


def evidence(record: WaiverRecord, locale: Locale) -> Letter:
    """What the merchant shows to whoever asks: the record, whence it came, and how it was confirmed."""
    speech = Speech(locale)
    return Letter(
        title=speech.say(said("Record of a waiver of the right of withdrawal")),
        sender="\n".join(record.seller) or record.shop_name,
        language=locale.language,
        before=(speech.say(_whence(record)),),
        quotation=record.waiver.text or speech.say(said("The shop did not tell the wording.")),
        facts=tuple((speech.say(label), value) for label, value in _evidence_facts(record, speech)),
        after=(
            speech.say(
                said("This record cannot be changed in Tresen. The SHA-256 is that of the wording in UTF-8, as above.")
            ),
        ),
        foot=speech.say(said("Order %(number)s", number=record.order_number)),
    )


def as_text(letter: Letter) -> str:
    """The same letter without any layout, for the text part of a mail."""
    facts = "\n".join(f"{label}: {', '.join(value.splitlines())}" for label, value in letter.facts)
    quotation = "\n".join(f"> {line}".rstrip() for line in letter.quotation.splitlines())
    parts = (letter.title, *letter.before, quotation, facts, *letter.after, letter.sender)
    return "\n\n".join(part for part in parts if part) + "\n"


def facts(record: WaiverRecord, speech: Speech) -> list[tuple[Sentence, str]]:
    """What both papers and the page say of the consent, each with its label."""
    found = [
        (said("Concerns"), "\n".join(line.title for line in record.waiver.lines)),
        (said("Order"), _order(record, speech)),
        (said("Customer"), "\n".join(record.buyer)),
        (said("Seller"), "\n".join(record.seller)),
        (said("Wording"), _wording(record, speech)),
    ]
    return [(label, value) for label, value in found if value]


def _evidence_facts(record: WaiverRecord, speech: Speech) -> list[tuple[Sentence, str]]:
    waiver = record.waiver
    unknown = speech.say(said("not told"))
    given_at = waiver.given_at.astimezone(record.zone) if waiver.given_at else None
    return [
        *facts(record, speech),
        (said("Given"), f"{speech.moment(given_at)}\n{_utc(given_at)}" if given_at else unknown),
        (said("Recorded"), _utc(waiver.recorded_at)),
        (said("Confirmed"), _confirmed(record, speech)),
        (said("Language"), waiver.locale),
        (said("Record"), f"{record.source} / {waiver.source} / {waiver.id}"),
    ]


def _whence(record: WaiverRecord) -> Sentence:
    if record.waiver.source is WaiverSource.SHOP:
        return said(
            "The shop “%(source)s” told with order %(number)s that the customer consented there:",
            source=record.source,
            number=record.order_number,
        )
    return said(
        "On the portal page of order %(number)s the customer ticked the box beside this wording:",
        number=record.order_number,
    )


def _confirmed(record: WaiverRecord, speech: Speech) -> str:
    done = record.waiver.confirmation
    if done is None:
        return speech.say(said("not by Tresen"))
    moment = speech.moment(done.at.astimezone(record.zone))
    if done.way is ConfirmationWay.MAIL:
        return speech.say(said("%(moment)s, mail taken for %(recipient)s", moment=moment, recipient=done.recipient))
    return speech.say(said("%(moment)s, PDF handed out", moment=moment))


def _order(record: WaiverRecord, speech: Speech) -> str:
    day = format_date(record.ordered_on, "medium", locale=speech.locale)
    place = record.platform or record.shop_name
    return ", ".join(part for part in (record.order_number, day, place) if part)


def _wording(record: WaiverRecord, speech: Speech) -> str:
    digest = record.waiver.text_sha256
    if not digest:
        return ""
    groups = " ".join(digest[at : at + GROUP] for at in range(0, len(digest), GROUP))
    if record.text_version is None:
        return f"SHA-256 {groups}"
    version = speech.say(said("Version %(version)s", version=str(record.text_version)))
    return f"{version}\nSHA-256 {groups}"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
