"""The whole rendering machinery: a page is a frozen dataclass that names its template."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from babel import Locale
from babel.support import Translations
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar import Request
from litestar.response import Response
from litestar.response.base import ASGIResponse
from markupsafe import Markup

from views.assets import ASSETS
from views.format import Formats, Reference
from views.languages import catalogue, locale_of
from views.sentences import Sentence

VIEWS = Path(__file__).parent
# No text that is put into a page can hold this unescaped, so only a template can ask for the token.
ATTEMPT_MARK = Markup("<attempt>")
LOADER = ChoiceLoader(
    [FileSystemLoader(VIEWS), PrefixLoader({"components": FileSystemLoader(VIEWS.parent / "components")})]
)


VARY = "Accept-Language, HX-Target"
AskedBy: TypeAlias = Request[Any, Any, Any]


@dataclass(frozen=True, kw_only=True)
class View:
    """What a page shows: plain values, in no language yet. Its template reads exactly its fields."""

    template: ClassVar[str]


class Page(Response[View]):
    """Answers with the block htmx is about to swap, or else with the whole page.

    An element's id, its block and `hx-target` share one name, so no route asks
    whether htmx is there. `locale` is the order's, such as `de-AT`; where it is
    empty or not spoken here, the browser's language decides.
    """

    def __init__(self, view: View, *, locale: str, **options: Any) -> None:
        super().__init__(view, media_type="text/html", **options)
        self.locale = locale

    def to_asgi_response(self, app: Any, request: AskedBy, **options: Any) -> ASGIResponse:
        locale = spoken(self.locale, request)
        block, elsewhere = swapped(request, self.content.template, locale)
        self.headers |= elsewhere
        body = with_attempt(render(self.content, block, locale)).encode()
        answer: Response[bytes] = Response(
            b"" if request.method == "HEAD" else body,
            media_type="text/html",
            status_code=self.status_code,
            headers=self.headers | {"Content-Language": locale.language, "Vary": VARY},
            cookies=self.cookies,
            background=self.background,
        )
        return answer.to_asgi_response(app, request, **options | {"is_head_response": request.method == "HEAD"})


def spoken(order_locale: str, request: AskedBy) -> Locale:
    return locale_of(order_locale, request.headers.get("Accept-Language", ""))


def swapped(request: AskedBy, template: str, locale: Locale) -> tuple[str, dict[str, str]]:
    """The block that htmx is about to swap; empty for a whole page, with where that goes if a block was asked for."""
    block = request.headers.get("HX-Target", "").partition("#")[2]  # htmx 4 sends "section#downloads"
    if not block or block in environment(locale).get_template(template).blocks:
        return block, {}
    return "", {"HX-Retarget": "body", "HX-Push-Url": request.url.path}


def render(view: View, block: str = "", locale: str | Locale = "de-DE") -> str:
    """The whole page, or only the named block of it. Forms still bear the mark where their attempt goes."""
    template = environment(locale_of(locale, "") if isinstance(locale, str) else locale).get_template(view.template)
    context = {field.name: getattr(view, field.name) for field in fields(view)}
    if part := template.blocks.get(block):
        return "".join(part(template.new_context(context)))
    return template.render(context)


def with_attempt(body: str) -> str:
    """One random token for all forms of a page, put in after everything that is compared or kept."""
    return body.replace(ATTEMPT_MARK, secrets.token_urlsafe(16))


@lru_cache(maxsize=32)
def environment(locale: Locale) -> Environment:
    """One for each locale: words by its language, dates and amounts by its country."""
    templates = Environment(
        loader=LOADER,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    words, formats, ui = catalogue(locale.language), Formats(locale), Components(templates)
    templates.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    for name in ("money", "plain_amount", "day", "long_day", "moment", "size", "percent", "number", "typed"):
        templates.filters[name] = getattr(formats, name)
    templates.globals |= {
        "ui": ui,
        "asset": ASSETS.address_of,
        "language": locale.language,
        "countries": formats.countries(),
        "attempt": ATTEMPT_MARK,
        "say": _speaker(words, formats, ui),
    }
    return templates


class Components:
    """`ui.file_row(…)` is the macro `file_row` in components/file_row.html.

    A global, because what a page imports at its top is not there when one of its blocks is rendered alone.
    """

    def __init__(self, templates: Environment) -> None:
        self._templates = templates

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        module = self._templates.get_template(f"components/{name}.html").module
        macro: Callable[..., Markup] = getattr(module, name)
        self.__dict__[name] = macro
        return macro


def _speaker(words: Translations, formats: Formats, ui: Components) -> Any:
    """Says a sentence in the language of the page. What is put into it is escaped."""

    def say(sentence: Sentence) -> Markup:
        if sentence.many:
            text = words.ngettext(sentence.text, sentence.many, sentence.count)
        else:
            text = words.gettext(sentence.text)
        return Markup(text) % {name: put(value) for name, value in sentence.values.items()}  # noqa: S704 (our own text)

    def put(value: object) -> str:
        match value:
            case Sentence():
                return say(value)
            case Reference():
                return ui.reference(value)
            case _:
                return formats.value(value)

    return say
