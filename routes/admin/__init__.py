"""The back office: behind the counter, and its door."""

from __future__ import annotations

from litestar import Router
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from routes.admin import account, first_run, settings, sign_in, signed_in

LARGEST_FORM = 2_000_000  # room for what is too long to be told so
NO_STORE = [ResponseHeader(name="Cache-Control", value="no-store")]

door = Router(
    path="/",
    response_headers=NO_STORE,
    route_handlers=[
        sign_in.show_sign_in,
        sign_in.sign_in,
        first_run.show_first_run,
        first_run.make_first_merchant,
    ],
)
office = Router(
    path="/",
    guards=[signed_in.signed_in],
    dependencies={"merchant": Provide(signed_in.merchant, sync_to_thread=False)},
    exception_handlers={signed_in.SignInNeeded: signed_in.asked_to_sign_in},
    request_max_body_size=LARGEST_FORM,
    response_headers=NO_STORE,
    route_handlers=[
        settings.show_home,
        settings.show_settings,
        settings.show_invoices,
        settings.change_invoices,
        account.show_account,
        account.change_looks,
        account.change_password,
        account.sign_out,
    ],
)
ROUTES: list[ControllerRouterHandler] = [door, office]
