"""Mails are views too: a text, and the same in HTML."""
