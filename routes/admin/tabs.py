"""A tab of the settings: one form over rows of settings, shown and saved in one way, whatever its fields are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import columns
from db.settings import Settings
from portal import mail_servers, sessions, settings
from portal.house import House
from portal.refusals import Invalid
from portal.sessions import SignedIn
from portal.settings import Change, MailChange
from routes.admin.signed_in import kept_for
from routes.api.body import converted
from routes.forms import submitted, texts_of
from routes.given import AnyRequest
from views.faults import told_of
from views.form import Form, Label, Submitted


@dataclass(frozen=True)
class Section:
    """The fields of one row of settings that a form shows, and the API's rules for them."""

    row: type[Settings]
    shape: type[Change]
    labels: Mapping[str, Label]

    async def stored(self, session: AsyncSession) -> dict[str, object]:
        """As they are; of secrets, nothing."""
        row = columns(await settings.of(self.row, session))
        return {name: None if name in settings.SECRETS else row[name] for name in self.labels}


@dataclass(frozen=True)
class Tab:
    """`path` both shows and takes its form. No two sections have a field of the same name."""

    path: str
    sections: Sequence[Section]

    @property
    def labels(self) -> Mapping[str, Label]:
        return {name: label for section in self.sections for name, label in section.labels.items()}

    async def stored(self, session: AsyncSession) -> dict[str, object]:
        return {name: value for section in self.sections for name, value in (await section.stored(session)).items()}


async def shown(tab: Tab, request: AnyRequest, house: House, merchant: SignedIn) -> Form:
    """The form as it is stored, with what was just saved, and with what waited for the sign-in."""
    async with house.database.reading() as session:
        stored = await tab.stored(session)
    form = Form.of(tab.path, tab.labels, stored, saved=request.query_params.get("saved", "").split("."))
    if waiting := await kept_for(tab.path, merchant, house):
        form = form.with_typed(_merged([submitted(each.shape, waiting) for each in tab.sections]), stored)
    return form


async def saved(tab: Tab, request: AnyRequest, house: House, merchant: SignedIn) -> Redirect | Form:
    """Writes the fields that differ from what they were rendered with, all of them or none.

    None where one is wrong, or was changed meanwhile by somebody else; then the form with what was typed.
    """
    texts = await texts_of(request)
    given = [submitted(section.shape, texts) for section in tab.sections]
    async with house.database.writing() as session:
        stored = await tab.stored(session)
        whole = _merged(given)
        if not whole.faults and not whole.overtaken(stored):
            try:
                await _write(tab, given, session, merchant, house)
                if whole.values:
                    await sessions.let_go(merchant.session_id, tab.path, session)
            except Invalid as invalid:
                whole = whole.with_faults(told_of(invalid.faults))
                await session.rollback()
    if whole.faults or whole.overtaken(stored):
        return Form.of(tab.path, tab.labels, stored).with_typed(whole, stored)
    async with house.database.reading() as session:
        await house.storefront.refresh(session)
    # A field that came alone is as it was sent, be it that an earlier click had written that already.
    names = whole.values or (whole.typed if len(whole.typed) == 1 else ())
    return Redirect(f"{tab.path}?saved={'.'.join(sorted(names))}", status_code=303)


async def _write(tab: Tab, given: Sequence[Submitted], session: AsyncSession, merchant: SignedIn, house: House) -> None:
    for section, part in zip(tab.sections, given, strict=True):
        if part.values:
            wanted = converted(section.shape, part.values)
            if isinstance(wanted, MailChange):  # its password is sealed on the way
                await mail_servers.change(wanted, house.vault, session, merchant.by)
            else:
                await settings.change(section.row, wanted, session, merchant.by)


def _merged(parts: Sequence[Submitted]) -> Submitted:
    return Submitted(
        {name: text for part in parts for name, text in part.typed.items()},
        {name: text for part in parts for name, text in part.seen.items()},
        {name: value for part in parts for name, value in part.values.items()},
        {name: fault for part in parts for name, fault in part.faults.items()},
    )
