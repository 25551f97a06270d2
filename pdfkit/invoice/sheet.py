"""The sheet that everything is written on: A4, in millimetres, with its margins, sizes and colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fpdf import FPDF
from fpdf.fonts import TTFFont

from pdfkit.figures import Language

FAMILY = "paper"
LEFT, RIGHT = 25.0, 190.0
WIDTH = RIGHT - LEFT
TOP_OF_NEXT = 22.0  # where the second page and those after it begin
BOTTOM = 264.0  # where the foot begins
INK, SOFT, RULE = (26, 28, 32), (88, 92, 98), (188, 191, 196)


class Type(NamedTuple):
    """Points; millimetres from line to line."""

    size: float
    line: float
    bold: bool = False
    colour: tuple[int, int, int] = INK


TEXT = Type(9.5, 4.6)
STRONG = Type(9.5, 4.6, bold=True)
LABEL = Type(8.5, 4.6, colour=SOFT)
SMALL = Type(8, 3.9, colour=SOFT)
TINY = Type(7, 3.2, colour=SOFT)
TITLE = Type(17, 7.6, bold=True)
TOTAL = Type(11, 6.2, bold=True)


class Sheet(FPDF):
    """`y` runs downwards; nothing breaks a page by itself: whoever writes asks has_room() and turns the page."""

    def __init__(self, language: Language, title: str) -> None:
        super().__init__(format="A4", enforce_compliance="PDF/A-3B")
        self.language = language
        self.mixes_faces = False
        self.on_turn: Callable[[Sheet], None] = lambda sheet: None
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.alias_nb_pages("")  # nothing that a text says stands for the number of pages
        self.set_lang(language)
        self.set_title(title)

    def put(self, x: float, width: float, text: str, kind: Type = TEXT, align: str = "L") -> None:
        """One line at the present height, made smaller where it is wider than its place."""
        if not text:
            return
        self._set(kind)
        if (needed := self._measured(text)) > width:
            self.set_font_size(kind.size * width / needed)
            needed = width
        self._draw(x + width - needed if align == "R" else x + (width - needed) / 2 if align == "C" else x, text, kind)

    def write_lines(self, x: float, width: float, text: str, kind: Type = TEXT) -> None:
        """As many lines as the text needs, from the present height down, over as many pages as that takes."""
        for line in self.broken(text, width, kind):
            if not self.has_room(kind.line):
                self.turn()
            self.put(x, width, line, kind)
            self.down(kind.line)

    def broken(self, text: str, width: float, kind: Type = TEXT) -> list[str]:
        """The text in lines of that width. A word that is wider than a line is broken anywhere."""
        self._set(kind)
        lines: list[str] = []
        for typed in text.split("\n"):
            if self._measured(typed) <= width:
                lines.append(typed)
            else:
                lines += _filled(typed, width, self._measured)
        return lines

    def down(self, by: float) -> None:
        """Further down by so many millimetres."""
        self.set_y(self.get_y() + by)

    def has_room(self, height: float) -> bool:
        """Whether so many millimetres are left above the foot."""
        return self.get_y() + height <= BOTTOM

    def turn(self) -> None:
        """The next page, which begins with whatever is to be repeated there."""
        if self.page < self.pages_count:
            self.go_to(self.page + 1)
        else:
            self.add_page()
        self.set_y(TOP_OF_NEXT)
        self.on_turn(self)

    def go_to(self, page: int) -> None:
        """Go on writing on a page that is there already."""
        self.page = page
        self.current_font_is_set_on_page = False

    def rule(self, left: float = LEFT, right: float = RIGHT, thick: float = 0.2) -> None:
        """A line across at the present height."""
        self.set_draw_color(*(INK if thick > 0.2 else RULE))
        self.set_line_width(thick)
        self.line(left, self.get_y(), right, self.get_y())

    def _set(self, kind: Type) -> None:
        self.set_font(FAMILY, "B" if kind.bold else "", kind.size)
        if self.mixes_faces:  # fpdf2 takes the font for set after a line that was in another face
            self.current_font_is_set_on_page = False
        self.set_text_color(*kind.colour)

    def _measured(self, text: str) -> float:
        """Millimetres. A text in one face is the sum of its letters; fpdf2 would take it apart first."""
        if self.mixes_faces or not isinstance(self.current_font, TTFFont):
            return self.get_string_width(text)
        _, points = self.current_font.get_text_width(text, self.font_size_pt, None)
        return points / self.k

    def _draw(self, x: float, text: str, kind: Type) -> None:
        """As a cell of that height would. Cells alone know of further faces, and take three times as long."""
        if self.mixes_faces:
            self.set_x(x)
            self.cell(h=kind.line, text=text)
        else:
            self.text(x, self.get_y() + kind.line / 2 + 0.3 * self.font_size, text)


def _filled(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Word by word; the measure is asked about once a word."""
    blank = measure(" ")
    lines, line, taken = [], "", 0.0
    for word in text.split(" "):
        wide = measure(word)
        if line and taken + blank + wide <= width:
            line, taken = f"{line} {word}", taken + blank + wide
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, width, measure) if wide > width else [word]
        lines += full
        taken = measure(line)
    return [*lines, line] if line else lines


def _cut(word: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """A long word in pieces, each as long as fits."""
    pieces = []
    while word:
        length = len(word)
        while length > 1 and measure(word[:length]) > width:
            length = min(length - 1, max(1, int(length * width / measure(word[:length]))))
        pieces.append(word[:length])
        word = word[length:]
    return pieces
