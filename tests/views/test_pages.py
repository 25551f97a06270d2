"""Each page and its template agree, and a block that is swapped is a whole element."""

import re
from dataclasses import fields
from importlib import import_module
from pkgutil import walk_packages

import pytest
from jinja2 import meta

import views
from tests.views.orders import NOW, SELLER, a_dossier, a_file
from tests.views.reading import Shown
from views import View, environment, errors, render
from views.customer.order import OrderPage
from views.languages import locale_of

TEMPLATES = environment(locale_of("de-DE", ""))


def every_page() -> list[type[View]]:
    """Every kind of page there is, found by itself."""
    for module in walk_packages(views.__path__, "views."):
        import_module(module.name)
    found, waiting = [], list(View.__subclasses__())
    while waiting:
        page = waiting.pop()
        found += [page] if hasattr(page, "template") else []  # the others are what pages have in common
        waiting += page.__subclasses__()
    return found


def read_by(template: str) -> set[str]:
    """What a template and the layout it extends ask for."""
    assert TEMPLATES.loader
    source, *_ = TEMPLATES.loader.get_source(TEMPLATES, template)
    tree = TEMPLATES.parse(source)
    read = meta.find_undeclared_variables(tree) - TEMPLATES.globals.keys()
    for parent in filter(None, meta.find_referenced_templates(tree)):
        read |= read_by(parent)
    return read


@pytest.mark.parametrize("page", every_page(), ids=lambda page: page.__name__)
def test_a_template_reads_exactly_what_its_view_declares(page):
    assert read_by(page.template) == {field.name for field in fields(page)}


@pytest.mark.parametrize("page", every_page(), ids=lambda page: page.__name__)
def test_a_page_cannot_be_changed_once_it_is_made(page):
    assert page.__dataclass_params__.frozen


def test_a_block_is_the_element_that_bears_its_name():
    page = OrderPage.of(a_dossier(files=[a_file()]), NOW, token="t")
    blocks = set(TEMPLATES.get_template(page.template).blocks) - {"title", "content"}

    assert blocks == {"invoice", "downloads", "payment"}
    for block in blocks:
        part = Shown(render(page, block))
        assert part.elements[0]["id"] == block
        assert render(page, block).strip() in render(page)


def test_what_is_swapped_has_a_block():
    page = OrderPage.of(a_dossier(files=[a_file()]), NOW, token="t")
    targets = re.findall(r'hx-target="#([^"]+)"', render(page))

    assert targets
    assert set(targets) <= set(TEMPLATES.get_template(page.template).blocks)


@pytest.mark.parametrize("page", errors.ErrorPage.__subclasses__(), ids=lambda page: page.__name__)
@pytest.mark.parametrize("locale", ["de-DE", "en-GB"])
def test_an_error_page_names_no_code_and_offers_the_merchant(page, locale):
    shown = Shown(render(page.of(SELLER), "", locale))

    assert len(shown.all("h1")) == 1
    assert shown.all("a", href="mailto:hallo@naehwerk.example")
    assert str(page.status) not in shown.one("body").text
