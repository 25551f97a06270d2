"""The back office: behind the counter, and its door."""

from __future__ import annotations

from litestar import Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.types import ControllerRouterHandler

from routes.admin import (
    account,
    activity,
    appearance,
    article_files,
    articles,
    file_picker,
    files,
    first_run,
    invoices,
    keys,
    order_addresses,
    order_deeds,
    order_downloads,
    order_invoices,
    order_numbers,
    order_payments,
    order_receipts,
    orders,
    payment_providers,
    previews,
    settings,
    sign_in,
    signed_in,
    storage_forms,
    storage_grants,
    storages,
)

LARGEST_FORM = 2_000_000  # room for what is too long to be told so
# Forms are long and repeat themselves. Customers' pages are kept as they are sent; a proxy packs those.
PACKED_ALREADY = r"\.(png|pdf|zip)$"
PACKED = DefineMiddleware(CompressionMiddleware, config=CompressionConfig(backend="gzip", exclude=[PACKED_ALREADY]))
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
one_order = Router(
    path="/",
    dependencies=orders.OF_ORDER,
    route_handlers=[
        orders.show_order,
        orders.show_overview,
        order_numbers.show_numbers,
        order_invoices.create_invoice,
        order_invoices.take_back,
        order_invoices.store_invoice,
        order_addresses.correct_address,
        order_addresses.withdraw_address,
        order_payments.show_payments,
        order_receipts.book_receipt,
        order_receipts.book_repayment,
        order_receipts.take_back,
        order_payments.start_refund,
        order_downloads.show_downloads,
        orders.show_messages,
        orders.show_history,
        order_deeds.renew_link,
        order_deeds.send_link,
        order_downloads.give_downloads,
        order_deeds.show_as_customer,
        order_deeds.show_invoice,
    ],
)
office = Router(
    path="/",
    middleware=[PACKED],
    guards=[signed_in.signed_in],
    dependencies={"merchant": Provide(signed_in.merchant, sync_to_thread=False)},
    exception_handlers={signed_in.SignInNeeded: signed_in.asked_to_sign_in},
    request_max_body_size=LARGEST_FORM,
    response_headers=NO_STORE,
    route_handlers=[
        orders.list_orders,
        one_order,
        invoices.list_invoices,
        invoices.export_list,
        invoices.export_documents,
        articles.list_articles,
        articles.open_article,
        articles.show_article,
        articles.change_article,
        articles.remove_article,
        articles.move_file,
        article_files.show_file,
        article_files.change_file,
        article_files.check_file,
        article_files.unlink_file,
        file_picker.show_picker,
        file_picker.link_file,
        file_picker.replace_file,
        files.list_files,
        activity.show_activity,
        activity.see_notices,
        settings.show_home,
        settings.show_settings,
        settings.show_invoices,
        settings.change_invoices,
        settings.show_files,
        settings.change_files,
        settings.show_seller,
        settings.change_seller,
        settings.show_mail,
        settings.change_mail,
        previews.show_stamp,
        storages.show_storages,
        storages.add_storage,
        storages.remove_storage,
        storage_forms.show_new_storage,
        storage_forms.connect_storage,
        storage_forms.show_storage,
        storage_forms.change_storage,
        storage_grants.show_grant,
        storage_grants.finish_grant,
        keys.show_keys,
        keys.add_key,
        keys.note_copied,
        keys.revoke_key,
        appearance.show_appearance,
        appearance.change_appearance,
        appearance.upload_image,
        appearance.remove_image,
        appearance.show_preview,
        payment_providers.show_providers,
        payment_providers.show_new_provider,
        payment_providers.add_provider,
        payment_providers.show_provider,
        payment_providers.change_provider,
        payment_providers.move_method,
        payment_providers.check_provider,
        payment_providers.remove_provider,
        payment_providers.register_webhook,
        account.show_account,
        account.change_looks,
        account.change_password,
        account.sign_out,
    ],
)
ROUTES: list[ControllerRouterHandler] = [door, office]
