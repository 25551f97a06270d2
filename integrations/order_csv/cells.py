"""What people and programs write into cells: numbers, days, yes and no. What may mean two things is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache

from babel import Locale

from portal.csv_findings import Code

AMOUNT = re.compile(r"(?:[A-Z]{3}|[€$£])?\s*(?P<sign>[-+]?)(?P<digits>[0-9.,]+)(?P<behind>-?)\s*(?:[A-Z]{3}|[€$£%])?")
GAPS = re.compile(r"[\s'’\u00a0\u202f]")
MOMENT = re.compile(
    r"(?P<one>[0-9]{1,2})(?P<sign>[./])(?P<two>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4}|[0-9]{2})"
    r"(?:[ ,T]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?",
    re.ASCII,
)
OFFSET = re.compile(r"\s+(?=[+-][0-9]{2}:?[0-9]{2}$|Z$)")
MOST_DIGITS = 12  # on either side of the decimal sign
# How a spreadsheet, or an export that guards against formulas, writes what must stay a text.
GUARDED = re.compile(r"'(?=[=+\-@0-9])")
YES = frozenset("ja j yes y true wahr 1 x".split())
NO = frozenset("nein n no false falsch 0".split())


class Misread(Exception):
    """A cell that does not say one thing."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def text(cell: str) -> str:
    """Without blanks around it and the apostrophe that keeps a spreadsheet from calculating. Raises Misread."""
    if "\ufffd" in cell or "\0" in cell:
        raise Misread(Code.UNDECODABLE)
    return GUARDED.sub("", cell.strip(), count=1) if cell.startswith("'") else cell.strip()


def number(cell: str, decimal_sign: str = "") -> Decimal:
    """`24,90`, `24.90 €`, `1.234,56`, `1,234.56`, `12,50-`. Raises Misread.

    Without a told `decimal_sign`, `1.234` may be a thousand or a little more than one: nobody may guess that.
    """
    found = AMOUNT.fullmatch(GAPS.sub("", cell))
    if not found:
        raise Misread(Code.NOT_A_NUMBER)
    digits = found["digits"]
    whole, _, rest = _split(digits, decimal_sign or _decimal_sign(digits))
    if not whole + rest or len(whole.lstrip("0")) > MOST_DIGITS or len(rest) > MOST_DIGITS:
        raise Misread(Code.NOT_A_NUMBER)
    value = Decimal(f"{whole or 0}.{rest or 0}")
    return -value if "-" in (found["sign"], found["behind"]) else value


def _decimal_sign(digits: str) -> str:
    signs = [sign for sign in digits if sign in ".,"]
    if not signs:
        return "."
    if len(set(signs)) == 2:
        return signs[-1]
    if len(signs) > 1:
        return "," if signs[0] == "." else "."  # one that comes twice separates thousands
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", digits):
        raise Misread(Code.AMBIGUOUS_NUMBER)
    return signs[0]


def _split(digits: str, sign: str) -> tuple[str, str, str]:
    """Before and after the decimal sign, thousands put together. Raises Misread."""
    whole, found, rest = digits.partition(sign)
    group = "," if sign == "." else "."
    if group in whole and not re.fullmatch(rf"[0-9]{{1,3}}(\{group}[0-9]{{3}})+", whole):
        raise Misread(Code.NOT_A_NUMBER)
    if not re.fullmatch("[0-9]*", rest):
        raise Misread(Code.NOT_A_NUMBER)
    return whole.replace(group, ""), found, rest


def moment(cell: str, zone: tzinfo, order: str = "") -> datetime:
    """`2026-10-20`, `2026-10-20 09:15:00 +0200`, `20.10.2026 09:15`, `10/20/2026`; in UTC. Raises Misread.

    `zone` is that of times without offset. `order` is `dmy` or `mdy` for dates with slashes; without it, `03/04/2026`
    is refused.
    """
    found = MOMENT.fullmatch(cell.removesuffix(" Uhr").strip())
    try:
        told = _written(found, order) if found else datetime.fromisoformat(OFFSET.sub("", cell.replace(" UTC", "Z")))
        return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Misread(Code.NOT_A_DATE) from error


def _written(found: re.Match[str], order: str) -> datetime:
    one, two = int(found["one"]), int(found["two"])
    if found["sign"] == "/" and not order and one <= 12 and two <= 12 and one != two:
        raise Misread(Code.AMBIGUOUS_DATE)
    is_month_first = found["sign"] == "/" and (order == "mdy" or (not order and two > 12))
    day, month = (two, one) if is_month_first else (one, two)
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (the caller knows the zone)


def truth(cell: str) -> bool:
    """Raises Misread."""
    word = cell.lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Misread(Code.UNKNOWN_WORD)


def country(cell: str) -> str:
    """`DE`, `Deutschland` or `Germany` → `DE`. Raises Misread."""
    if re.fullmatch("[A-Za-z]{2}", cell):
        return cell.upper()
    try:
        return _countries()[cell.casefold()]
    except KeyError as error:
        raise Misread(Code.UNKNOWN_COUNTRY) from error


@cache
def _countries() -> dict[str, str]:
    return {
        name.casefold(): code
        for language in ("de", "en")
        for code, name in Locale(language).territories.items()
        if len(code) == 2
    }
