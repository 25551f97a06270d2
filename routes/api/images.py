"""The merchant's images: taken in as files, told as JSON."""

from __future__ import annotations

from litestar import delete, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from msgspec import Struct

from db.images import Image
from portal import images
from portal.refusals import Fault, Invalid
from routes.api.calls import MULTIPART, Call, Listed, row_id, told
from routes.given import AnyRequest, ApiKeyHolder, House, Reading

LARGEST_UPLOAD = 6 * 1024 * 1024  # an image of 5 MB with what a form adds


class ToldImage(Struct, kw_only=True, frozen=True):
    """Sizes in pixels; `url` is the public address, which never changes its content."""

    id: int
    name: str
    width: int
    height: int
    url: str


@get("/images", opt=told(Call(summary="List the images", gives={200: Listed[ToldImage]})))
async def list_images(reading: Reading, house: House) -> Listed[ToldImage]:
    return Listed(items=[_told(row, house.base_url) for row in await images.every(reading)])


@post(
    "/images",
    request_max_body_size=LARGEST_UPLOAD,
    opt=told(Call(summary="Upload an image: PNG, JPEG, WebP or GIF", takes=MULTIPART, gives={201: ToldImage})),
)
async def add_image(request: AnyRequest, house: House, by: ApiKeyHolder) -> ToldImage:
    """What the part says of its own type counts for nothing; its bytes do."""
    file = await _file(request)
    new = await images.looked_through(await file.read(), file.filename, house.child, house.scratch)
    async with house.database.writing() as session:
        return _told(await images.add(new, session, by), house.base_url)


@delete("/images/{image:str}", opt=told(Call(summary="Remove an image that is not in use", gives={204: None})))
async def remove_image(image: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await images.remove(await images.one(row_id(image), session), session, by)


async def _file(request: AnyRequest) -> UploadFile:
    """The part named `file`. Raises 415 for another kind of body, Invalid where there is no such part."""
    if request.content_type[0] != MULTIPART:
        raise HTTPException(status_code=415)
    match (await request.form()).getall("file", []):
        case [UploadFile() as file]:
            return file
    raise Invalid(Fault(images.FIELD, "missing", "Send one image as the part `file`, with a file name."))


def _told(row: Image, base_url: str) -> ToldImage:
    url = base_url + images.address(row)
    return ToldImage(id=row.id, name=row.name, width=row.width, height=row.height, url=url)
