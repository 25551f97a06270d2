"""What a PDF has besides its pages that matters to whoever stamps it: signatures, forms, files inside."""

from collections.abc import Iterable, Iterator

import pikepdf

_MOST_LOOKED_AT = 10_000  # fields, names, or annotations of a page: more are nobody's work
_SIGNATURES_EXIST = 1  # of SigFlags


def is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether somebody signed it: a signature field that holds a signature, usage rights or a certification
    (ISO 32000-2, 12.7.5.5 and 12.8.6). The flag that there are such fields counts only where none can be found."""
    rights = _dictionary(pdf.Root, "/Perms")
    if any(isinstance(_own(rights, key), pikepdf.Dictionary) for key in ("/DocMDP", "/UR", "/UR3")):
        return True
    form = _dictionary(pdf.Root, "/AcroForm")
    if not form.keys():
        return False
    has_fields = False
    for field, is_signature in _fields(form):
        has_fields = has_fields or is_signature
        if is_signature and _is_filled(_own(field, "/V")):
            return True
    flags = _own(form, "/SigFlags")
    return not has_fields and isinstance(flags, int) and bool(flags & _SIGNATURES_EXIST)


def is_dynamic_form(pdf: pikepdf.Pdf) -> bool:
    """Whether readers that know XFA draw a form of their own instead of the pages (ISO 32000-1, 7.7.2 and 12.7.8)."""
    wanted = _own(pdf.Root, "/NeedsRendering")
    return isinstance(wanted, bool) and wanted and "/XFA" in _dictionary(pdf.Root, "/AcroForm")


def is_portfolio(pdf: pikepdf.Pdf) -> bool:
    """Whether readers show the files inside first (ISO 32000-2, 12.3.5)."""
    return "/Collection" in pdf.Root and has_files_inside(pdf)


def has_files_inside(pdf: pikepdf.Pdf) -> bool:
    """Whether files can be saved from the document as a whole (ISO 32000-2, 7.11.4 and 14.13.3)."""
    names = _dictionary(_dictionary(pdf.Root, "/Names"), "/EmbeddedFiles")
    named = (value for node in _tree([names]) for value in _items(_own(node, "/Names"))[1::2])
    return _has_a_file(named) or _has_a_file(_items(_own(pdf.Root, "/AF")))


def has_paper_clips(pdf: pikepdf.Pdf) -> bool:
    """Whether files can be saved from a page: they hang on it, belong to it or are played there (ISO 32000-2,
    12.5.6.15, 14.13.5 and 13.7). Takes a look at every page."""
    return any(
        _has_a_file(_items(_own(page.obj, "/AF"))) or any(map(_holds_a_file, _items(_own(page.obj, "/Annots"))))
        for page in pdf.pages
    )


def _holds_a_file(annotation: object) -> bool:
    if not isinstance(annotation, pikepdf.Dictionary):
        return False
    if _own(annotation, "/Subtype") == pikepdf.Name.RichMedia:
        assets = _dictionary(_dictionary(annotation, "/RichMediaContent"), "/Assets")
        return _has_a_file(value for node in _tree([assets]) for value in _items(_own(node, "/Names"))[1::2])
    return _own(annotation, "/Subtype") == pikepdf.Name.FileAttachment and _has_a_file([_own(annotation, "/FS")])


def _has_a_file(specifications: Iterable[object]) -> bool:
    """Whether one of these file specifications has the file with it, and does not only name it."""
    return any(
        isinstance(each, pikepdf.Dictionary) and bool(_dictionary(each, "/EF").keys()) for each in specifications
    )


def _is_filled(signature: object) -> bool:
    return isinstance(signature, pikepdf.Dictionary) and ("/Contents" in signature or "/ByteRange" in signature)


def _fields(form: pikepdf.Object) -> Iterator[tuple[pikepdf.Object, bool]]:
    """Every field, and whether it is one for signatures, be it by what is above it (ISO 32000-2, 12.7.4.1)."""
    below: set[tuple[int, int]] = set()
    for node in _tree(_items(_own(form, "/Fields"))):
        is_signature = _own(node, "/FT") == pikepdf.Name.Sig if "/FT" in node else node.objgen in below
        if is_signature:
            below |= {child.objgen for child in _items(_own(node, "/Kids"))}
        yield node, is_signature


def _tree(roots: list[pikepdf.Object]) -> Iterator[pikepdf.Object]:
    """The nodes of a tree that strangers made, each once: it may run in a circle."""
    waiting = [node for node in reversed(roots) if isinstance(node, pikepdf.Dictionary)]
    seen: set[tuple[int, int]] = set()
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            return
        node = waiting.pop()
        if node.is_indirect:
            if node.objgen in seen:
                continue
            seen.add(node.objgen)
        yield node
        children = _items(_own(node, "/Kids"))[: _MOST_LOOKED_AT - len(waiting)]
        waiting += [child for child in reversed(children) if isinstance(child, pikepdf.Dictionary)]


def _items(value: object) -> list[pikepdf.Object]:
    return list(value)[:_MOST_LOOKED_AT] if isinstance(value, pikepdf.Array) else []


def _own(node: pikepdf.Object, key: str) -> object:
    """Asked for first, as get() takes twenty times as long to find nothing."""
    return node.get(key) if key in node else None


def _dictionary(parent: pikepdf.Object, key: str) -> pikepdf.Object:
    """What a dictionary has there, or an empty one where it has nothing of the kind."""
    value = _own(parent, key)
    return value if isinstance(value, pikepdf.Dictionary) else pikepdf.Dictionary()
