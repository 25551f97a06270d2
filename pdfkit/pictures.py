"""A stranger's picture drawn anew: what comes out holds pixels and nothing else.

Whatever rode along (places and names in EXIF, scripts behind the last chunk, further frames) ends
here, because only the decoded pixels are written. Sizes are judged by the header, before anything
is decoded.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image, ImageCms, ImageOps

from pdfkit.outcome import Picture, PictureCause, PictureRefused

LARGEST_FILE = 5 * 2**20  # bytes
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 3200  # pixels
SHORTEST_SIDE = 16  # pixels
MOST_TIMES_AS_LONG = 20  # one side as the other
_LARGEST_RESULT = 5 * 2**20  # bytes; only noise with transparency comes near
_JPEG_QUALITY = 88
_ACCEPTED = ("PNG", "JPEG", "WEBP", "GIF")
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_OTHER_BEGINNINGS = (
    b"BM",  # Windows bitmap
    b"II*\x00",  # TIFF, both byte orders, and most raw formats of cameras
    b"MM\x00*",
    b"\x00\x00\x01\x00",  # icon
    b"8BPS",  # Photoshop
    b"\xff\x0a",  # JPEG XL, bare and boxed
    b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ",  # JPEG 2000
)
_OTHER_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow warns above this, and refuses above twice as much


def redraw(source: Path, target: Path) -> Picture:
    """Writes the picture as PNG or JPEG: upright, in sRGB, at most LONGEST_SIDE on either side, the first frame alone.

    The same source gives the same bytes. Raises PictureRefused; then nothing is written.
    """
    if source.stat().st_size > LARGEST_FILE:
        raise PictureRefused(PictureCause.TOO_LARGE)
    content = source.read_bytes()
    _refuse_other_kinds(content)
    try:
        with warnings.catch_warnings(action="ignore"):  # of what is odd about EXIF and the like
            drawn, content, media_type = _drawn(content)
    except PictureRefused:
        raise
    except Exception as error:  # decoders meet damage with nearly every exception there is
        raise PictureRefused(PictureCause.DAMAGED, f"{type(error).__name__}: {error}") from error
    target.write_bytes(content)
    return Picture(drawn.width, drawn.height, media_type)


def _refuse_other_kinds(content: bytes) -> None:
    """By the first bytes, so that no decoder but the four is ever tried."""
    if content.startswith(_BEGINNINGS) or _is_webp(content):
        return
    is_vector = b"<svg" in content[:4096].lower()
    if is_vector or content.startswith(_OTHER_BEGINNINGS) or _brand(content) in _OTHER_BRANDS:
        raise PictureRefused(PictureCause.KIND_NOT_ACCEPTED)
    raise PictureRefused(PictureCause.NOT_AN_IMAGE)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _brand(content: bytes) -> bytes:
    return content[8:12] if content[4:8] == b"ftyp" else b""


def _drawn(content: bytes) -> tuple[Image.Image, bytes, Literal["image/png", "image/jpeg"]]:
    opened = _opened(content)
    is_jpeg = opened.format in ("JPEG", "MPO")
    image = _in_srgb(_upright(_small(opened)))
    image.info.clear()  # or it would be written again
    written, media_type = _written(image, is_jpeg)
    while len(written) > _LARGEST_RESULT:
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.LANCZOS)
        written, media_type = _written(image, is_jpeg)
    return image, written, media_type


def _opened(content: bytes) -> Image.Image:
    """Only the header is read. Raises PictureRefused for too many pixels, and for shapes that nobody could look at."""
    try:
        image = Image.open(BytesIO(content), formats=_ACCEPTED)
    except Image.DecompressionBombError as error:
        raise PictureRefused(PictureCause.TOO_MANY_PIXELS, str(error)) from error
    shorter, longer = sorted(image.size)
    if shorter < SHORTEST_SIDE:
        raise PictureRefused(PictureCause.TOO_SMALL, f"{image.width} × {image.height}")
    if longer > MOST_TIMES_AS_LONG * shorter:
        raise PictureRefused(PictureCause.TOO_NARROW, f"{image.width} × {image.height}")
    return image


def _small(image: Image.Image) -> Image.Image:
    """Decoded and scaled down, as L, RGB, RGBA, or CMYK where its profile still has a say."""
    image.load()
    plain = _plain(image, keep_inks="icc_profile" in image.info)
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return plain


def _plain(image: Image.Image, *, keep_inks: bool) -> Image.Image:
    """Only modes that can be scaled. Transparency stays where some pixel really is transparent."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        opaque = image.getchannel("A").getextrema()[0] == 255
        return image.convert("RGB") if opaque else image
    if image.mode.startswith("I"):  # 16 bits of grey; converting alone would clip them
        return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if image.mode in ("L", "RGB") or (keep_inks and image.mode == "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera meant."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block fails in many ways, and turns nothing
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """In the colours of screens. What cannot be translated is a little off, which is better than no picture."""
    if profile := image.info.get("icc_profile"):
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        with suppress(ImageCms.PyCMSError, OSError):
            own, screen = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, own, screen, outputMode=mode) or image
    return image.convert("RGB") if image.mode == "CMYK" else image


def _written(image: Image.Image, is_jpeg: bool) -> tuple[bytes, Literal["image/png", "image/jpeg"]]:
    """PNG for transparency and drawings, JPEG for photos: what JPEG makes less than half as large is one."""
    if image.mode == "RGBA":
        return _saved(image, "PNG"), "image/png"
    as_jpeg = _saved(image, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True, progressive=True)
    if is_jpeg:
        return as_jpeg, "image/jpeg"
    as_png = _saved(image, "PNG")
    return (as_jpeg, "image/jpeg") if 2 * len(as_jpeg) < len(as_png) else (as_png, "image/png")


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    held = BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()
