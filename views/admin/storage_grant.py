"""The merchant comes back from the service: one more click, as a link that was opened changes nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from views.admin.frame import OfficePage
from views.sentences import Sentence, said

UNKNOWN = said(
    "This was begun too long ago, or in another session. Please open the storage, and connect its account once more."
)
DENIED = said("The service did not agree. Please open the storage, check its app, and connect its account once more.")
UNAVAILABLE = said("The service does not answer properly at the moment. Please try again in a few minutes.")


@dataclass(frozen=True, kw_only=True)
class StorageGrantPage(OfficePage):
    """Either `error`, with what the service said, or what is sent on by the button."""

    template: ClassVar = "admin/storage_grant.html"

    code: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    error: Sentence | None = None
    detail: str = ""
