"""Every table in one metadata: importing this knows the whole schema."""

from db import (
    activity,
    articles,
    downloads,
    files,
    images,
    invoices,
    keys,
    merchants,
    messages,
    order_search,
    orders,
    outbox,
    payment_providers,
    payments,
    settings,
    sources,
    storages,
    versions,
    waivers,
)
from db.base import Base

NOUNS = (
    activity,
    articles,
    downloads,
    files,
    images,
    invoices,
    keys,
    merchants,
    messages,
    order_search,
    orders,
    outbox,
    payment_providers,
    payments,
    settings,
    sources,
    storages,
    versions,
    waivers,
)
METADATA = Base.metadata
