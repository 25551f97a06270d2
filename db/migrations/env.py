"""Alembic's entry: one connection, handed in by db.migrate."""

from __future__ import annotations

from alembic import context

from db import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables.METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
