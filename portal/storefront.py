"""What every page may ask for without a look into the database."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Reading
from db.settings import GeneralSettings, SellerSettings
from portal import settings
from portal.dossiers import SellerFacts, seller_facts


class Storefront:
    """The seller as error pages name them, the zone that days count in, how long links live: known without a look."""

    def __init__(self, fixed_zone: ZoneInfo | None) -> None:
        self._fixed_zone = fixed_zone
        self._shop_version = 0
        self.zone = fixed_zone or ZoneInfo("Europe/Berlin")
        self.link_retention_days = 400
        self.seller = SellerFacts(name="", email="", phone="", imprint_url="", privacy_url="", terms_url="")

    async def keep_up(self, shop_version: int, reading: Reading) -> None:
        """Looks again if anything about the shop has changed, be it by another process."""
        if shop_version != self._shop_version:
            async with reading() as session:
                await self.refresh(session)
            self._shop_version = shop_version

    async def refresh(self, session: AsyncSession) -> None:
        self.seller = seller_facts(await settings.of(SellerSettings, session))
        general = await settings.of(GeneralSettings, session)
        self.zone = settings.zone_of(general, self._fixed_zone)
        self.link_retention_days = general.link_retention_days
