"""A link ends a while after the last right behind it, and never while money is due or a right is unlimited."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from db.orders import State
from portal.dossiers import Dossier
from portal.link_ends import cannot_have_ended, ends_on, has_ended
from tests.factories import BERLIN, NOON, a_file, an_entitlement, an_invoice, an_order, berlin, invoice_rules, refunded

PAID = an_order(paid=True, paid_at=berlin(2026, 11, 1))


def a_dossier(order=PAID, *, files=(), invoices=(), zone: ZoneInfo = BERLIN, **rules: Any) -> Dossier:
    """Only what decides about the link's end; no invoice is created on its own unless a test says so."""
    facts = {"auto_create": False, "zone": zone, **rules}
    return cast(
        Dossier,
        SimpleNamespace(
            order=order,
            entitlements=tuple(files),
            invoices=tuple(invoices),
            invoice_rules=invoice_rules(**facts),
            zone=zone,
        ),
    )


def a_file_until(day: date, **facts: Any):
    """Paid on 1 November, so its window is as many days long as it takes."""
    return an_entitlement(order=PAID, window=(day - date(2026, 11, 1)).days, **facts)


def test_it_ends_so_many_days_after_the_last_right_did():
    dossier = a_dossier(
        files=[a_file_until(date(2026, 11, 20)), a_file_until(date(2026, 11, 30))],
        invoices=[an_invoice(date(2026, 11, 1))],
        window_days=7,
    )

    assert ends_on(dossier, 400, NOON) == date(2026, 11, 30) + timedelta(days=400)


def test_the_last_day_lasts_until_midnight_of_the_merchant():
    dossier = a_dossier(files=[a_file_until(date(2026, 11, 20))])

    assert not has_ended(dossier, 10, berlin(2026, 11, 30, 23, 59))
    assert has_ended(dossier, 10, berlin(2026, 12, 1, 0, 0))


@pytest.mark.parametrize(
    ("last_day", "still_open", "over"),
    [
        # the night of 25 hours, and the day of 23
        (date(2026, 10, 25), datetime(2026, 10, 25, 22, 59, tzinfo=UTC), datetime(2026, 10, 25, 23, 0, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 21, 59, tzinfo=UTC), datetime(2027, 3, 28, 22, 0, tzinfo=UTC)),
    ],
)
def test_days_on_which_the_clock_changes_end_at_their_own_midnight(last_day, still_open, over):
    order = an_order(paid=True, paid_at=berlin(2026, 10, 1), ordered_at=berlin(2026, 10, 1))
    dossier = a_dossier(order, files=[an_entitlement(order=order, window=1, file=a_file(linked_at=berlin(2026, 9, 1)))])
    days = (last_day - date(2026, 10, 2)).days

    assert not has_ended(dossier, days, still_open)
    assert has_ended(dossier, days, over)


def test_the_day_is_the_one_of_the_merchants_zone():
    order = an_order(paid=True, paid_at=datetime(2026, 11, 1, 23, 30, tzinfo=UTC))

    assert ends_on(a_dossier(order), 1, NOON) == date(2026, 11, 3)
    assert ends_on(a_dossier(order, zone=ZoneInfo("America/New_York")), 1, NOON) == date(2026, 11, 2)


# --- Never while …


def test_money_is_due():
    assert ends_on(a_dossier(an_order()), 1, NOON) is None


def test_a_file_may_be_had_without_end():
    assert ends_on(a_dossier(files=[an_entitlement(order=PAID), a_file_until(date(2026, 11, 2))]), 1, NOON) is None


def test_an_invoice_may_be_had_without_end():
    assert ends_on(a_dossier(invoices=[an_invoice()]), 1, NOON) is None


def test_an_invoice_may_still_be_created():
    assert ends_on(a_dossier(auto_create=True), 1, NOON) is None
    assert ends_on(a_dossier(auto_create=False), 1, NOON) is not None


def test_a_switch_that_is_off_for_a_while_ends_no_link():
    without_files = a_dossier(files=[an_entitlement(order=PAID, enabled=False)])
    without_invoices = a_dossier(invoices=[an_invoice()], enabled=False)

    assert ends_on(without_files, 1, NOON) is None
    assert ends_on(without_invoices, 1, NOON) is None


# --- Rights that ended early, or never were


def test_a_used_up_file_ended_with_its_last_download():
    used_up = an_entitlement(order=PAID, limit=1, downloaded=1, last_spent_at=berlin(2026, 11, 9))

    assert ends_on(a_dossier(files=[used_up]), 10, NOON) == date(2026, 11, 19)


def test_a_cancelled_order_still_shows_its_invoices_and_nothing_else():
    order = an_order(state=State.CANCELLED)
    dossier = a_dossier(
        order, files=[an_entitlement(order=order)], invoices=[an_invoice(date(2026, 11, 5))], window_days=5
    )

    assert ends_on(dossier, 10, NOON) == date(2026, 11, 20)


def test_an_order_without_any_right_counts_from_the_last_that_is_known_of_it():
    order = an_order(paid=True, payments=(refunded(2000, at=berlin(2026, 11, 8)),))

    assert ends_on(a_dossier(order), 10, NOON) == date(2026, 11, 18)


def test_a_young_order_needs_no_look_at_its_rights():
    ordered = berlin(2026, 11, 1)

    assert cannot_have_ended(ordered, 10, berlin(2026, 11, 10))
    assert not cannot_have_ended(ordered, 10, berlin(2026, 11, 11))
