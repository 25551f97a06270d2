"""The JSON API: what a shop, a script or an acceptance check may ask for with a key."""

from __future__ import annotations

from litestar import Router
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from routes.api import (
    articles,
    automations,
    batch,
    calls,
    images,
    invoices,
    keyed,
    message_templates,
    messages,
    openapi,
    order_files,
    orders,
    payment_providers,
    settings,
    storages,
    waivers,
)

LARGEST_BODY = 256 * 1024

router = Router(
    path="/api/v1",
    guards=[keyed.with_key],
    dependencies={
        "by": Provide(keyed.by, sync_to_thread=False),
        "key": Provide(calls.key, sync_to_thread=False),
    },
    request_max_body_size=LARGEST_BODY,
    response_headers=[ResponseHeader(name="Cache-Control", value="no-store")],
    route_handlers=[
        orders.put_order,
        orders.show_order,
        orders.delete_order,
        orders.list_orders,
        orders.add_payment,
        orders.renew_link,
        batch.put_batch,
        order_files.list_files,
        order_files.list_downloads,
        order_files.list_activity,
        order_files.give_allowance,
        waivers.list_waivers,
        waivers.show_evidence,
        invoices.put_invoice,
        invoices.issue_invoice,
        invoices.list_invoices,
        invoices.show_invoice,
        invoices.add_credit_note,
        invoices.add_number_gap,
        settings.show_settings,
        settings.change_settings,
        images.list_images,
        images.add_image,
        images.remove_image,
        payment_providers.list_providers,
        payment_providers.add_provider,
        payment_providers.show_provider,
        payment_providers.change_provider,
        payment_providers.remove_provider,
        payment_providers.check_provider,
        payment_providers.register_webhook,
        storages.list_storages,
        storages.add_storage,
        storages.show_storage,
        storages.change_storage,
        storages.remove_storage,
        storages.check_storage,
        storages.list_entries,
        automations.list_automations,
        automations.add_automation,
        automations.show_automation,
        automations.change_automation,
        automations.remove_automation,
        automations.dry_run,
        message_templates.list_templates,
        message_templates.add_template,
        message_templates.show_template,
        message_templates.change_template,
        message_templates.remove_template,
        messages.list_messages,
        messages.note_bounce,
        articles.put_article,
        articles.show_article,
        articles.remove_article,
        articles.list_articles,
    ],
)
ROUTES: list[ControllerRouterHandler] = [openapi.show_document, openapi.show_docs, router]
