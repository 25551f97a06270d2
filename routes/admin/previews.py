"""Pictures for whoever is still trying things out: nothing of them is stored."""

from __future__ import annotations

from litestar import route
from litestar.response import Response

from db.settings import FileSettings
from pdfkit.outcome import StampFailed, Style
from portal import settings, stamp_previews
from portal.refusals import NotFound
from portal.sealed_options import OptionsRefused
from portal.settings import FilesChange
from portal.storages import FileMissing, StorageUnavailable
from routes.api.calls import row_id
from routes.forms import read
from routes.given import AnyRequest, House
from views.admin.settings_files import CAUTIONS, PICTURE, STAMP

Picture = Response[bytes]


@route(PICTURE, http_method=["GET", "HEAD"])
async def show_stamp(request: AnyRequest, house: House) -> Picture:
    """`?file=7` and the fields of the stamp as they are typed; what is missing is as it is stored.

    A header of the answer names what is to be said about the stamp, such as `text-moved`.
    """
    typed = read(FilesChange, {name: text for name, text in request.query_params.items() if name in STAMP})
    if typed.faults:
        return _none(422)
    async with house.database.reading() as session:
        stored = await settings.of(FileSettings, session)
        number = request.query_params.get("file", "")
        original = await stamp_previews.original(row_id(number), session) if number else None
    text, *numbers = (typed.values.get(name, getattr(stored, name)) for name in STAMP)
    try:
        style = Style(*(float(str(number)) for number in numbers))
        drawn = await house.previews.draw(original, str(text), style)
    except (FileMissing, OptionsRefused) as error:
        raise NotFound from error
    except (StampFailed, StorageUnavailable, ValueError):
        return _none(422)
    return Response(drawn.picture, media_type="image/png", headers={CAUTIONS: " ".join(drawn.cautions)})


def _none(status: int) -> Picture:
    return Response(b"", status_code=status, media_type="image/png")
