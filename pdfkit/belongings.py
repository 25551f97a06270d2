"""What a PDF has besides its pages that matters to whoever stamps it: signatures, forms, files inside."""

from collections.abc import Iterator

import pikepdf

_MOST_LOOKED_AT = 10_000  # fields, names, or annotations of a page: more are nobody's work
_DEEPEST = 50  # levels of a tree of fields or names


def is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether somebody signed it: by its usage rights, its flags, or a signature field that holds a signature
    (ISO 32000-2, 12.7.3, 12.7.5.5 and 12.8.6)."""
    if "/Perms" in pdf.Root:
        return True
    form = _dictionary(pdf.Root, "/AcroForm")
    flags = form.get("/SigFlags")
    if isinstance(flags, int) and flags & 1:
        return True
    return any(field.get("/FT") == pikepdf.Name.Sig and "/V" in field for field in _tree(form.get("/Fields"), "/Kids"))


def is_dynamic_form(pdf: pikepdf.Pdf) -> bool:
    """Whether readers that know XFA draw a form of their own instead of the pages (ISO 32000-1, 7.7.2 and 12.7.8)."""
    return bool(pdf.Root.get("/NeedsRendering")) and "/XFA" in _dictionary(pdf.Root, "/AcroForm")


def is_portfolio(pdf: pikepdf.Pdf) -> bool:
    """Whether readers show the files inside first (ISO 32000-2, 12.3.5)."""
    return "/Collection" in pdf.Root and has_files_inside(pdf)


def has_files_inside(pdf: pikepdf.Pdf) -> bool:
    """Whether files can be saved from the document as a whole (ISO 32000-2, 7.11.4 and 14.13.3)."""
    names = _dictionary(_dictionary(pdf.Root, "/Names"), "/EmbeddedFiles")
    nodes = (names, *_tree(names.get("/Kids"), "/Kids"))
    return "/AF" in pdf.Root or any(len(_items(node.get("/Names"))) > 1 for node in nodes)


def has_paper_clips(pdf: pikepdf.Pdf) -> bool:
    """Whether files can be saved from a page (ISO 32000-2, 12.5.6.15). Takes a look at every page."""
    return any(
        isinstance(each, pikepdf.Dictionary) and each.get("/Subtype") == pikepdf.Name.FileAttachment
        for page in pdf.pages
        if "/Annots" in page.obj  # asked first, as get() takes twenty times as long to find nothing
        for each in _items(page.obj.get("/Annots"))
    )


def _tree(roots: object, children: str) -> Iterator[pikepdf.Object]:
    """The nodes of a tree that strangers made: it may run in a circle."""
    level = [node for node in _items(roots) if isinstance(node, pikepdf.Dictionary)]
    looked_at = 0
    for _ in range(_DEEPEST):
        below: list[pikepdf.Dictionary] = []
        for node in level:
            yield node
            looked_at += 1
            if looked_at == _MOST_LOOKED_AT:
                return
            below += [child for child in _items(node.get(children)) if isinstance(child, pikepdf.Dictionary)]
        level = below


def _items(value: object) -> list[pikepdf.Object]:
    return list(value)[:_MOST_LOOKED_AT] if isinstance(value, pikepdf.Array) else []


def _dictionary(parent: pikepdf.Object, key: str) -> pikepdf.Object:
    """What a dictionary has there, or an empty one where it has nothing of the kind."""
    value = parent.get(key)
    return value if isinstance(value, pikepdf.Dictionary) else pikepdf.Dictionary()
