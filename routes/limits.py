"""How often one network may be refused: whoever guesses keys or links must wait, whoever has one never notices.

Only refusals are counted. From the 60th in a minute on, 429 stands in place of that
refusal; every other answer passes as it is.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from limits import RateLimitItem, parse
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

REFUSALS = "59/minute"  # these are told as they are, the 60th is not
ADDRESSED = ("/o/", "/d/", "/payments/")  # their 404 says that the token in the address is unknown
MOST_NETWORKS = 4096


def is_refusal(path: str, status: int) -> bool:
    """A wrong credential, a post from another site, or an unknown token."""
    return status in (401, 403) or (status == 404 and path.startswith(ADDRESSED))


def network(host: str) -> str:
    """Who counts as one: an IPv4 address, or the /64 of an IPv6 address that one customer has to himself."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


class Moments(Storage, MovingWindowSupport):
    """When each key was last counted, for the busiest `most` keys: the one that was quiet longest is forgotten first.

    The storage that comes with `limits` keeps every key for ever and looks through all of
    them at every count; an attacker with many addresses would fill it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_NETWORKS) -> None:
        super().__init__()
        self.clock = clock
        self.most = most
        self.moments: OrderedDict[str, deque[float]] = OrderedDict()  # the key that was counted last stands last

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = self.clock()
        self._forget(now - expiry)
        moments = self.moments.setdefault(key, deque())
        while moments and moments[0] <= now - expiry:
            moments.popleft()
        if len(moments) + amount > limit:
            return False
        moments.extend([now] * amount)
        self.moments.move_to_end(key)
        if len(self.moments) > self.most:
            self.moments.popitem(last=False)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The oldest moment that still counts, and how many do."""
        now = self.clock()
        counting = [moment for moment in self.moments.get(key, ()) if moment > now - expiry]
        return (counting[0] if counting else now), len(counting)

    def _forget(self, before: float) -> None:
        while self.moments and next(iter(self.moments.values()))[-1] <= before:
            self.moments.popitem(last=False)

    # What follows is what every storage of `limits` must offer besides.

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.acquire_entry(key, self.get(key) + amount, expiry, amount)
        return self.get(key)

    def get(self, key: str) -> int:
        return len(self.moments.get(key, ()))

    def get_expiry(self, key: str) -> float:
        return self.clock()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        known = len(self.moments)
        self.moments.clear()
        return known

    def clear(self, key: str) -> None:
        self.moments.pop(key, None)


class Limit:
    """So many in a moving window of time, for each key."""

    def __init__(self, rate: str, moments: Moments | None = None) -> None:
        """`rate` such as `59/minute`."""
        self._moments = moments or Moments()
        self._item: RateLimitItem = parse(rate)
        self._limiter = MovingWindowRateLimiter(self._moments)

    def wait(self, key: str) -> int:
        """Counts one more; 0 within the limit, else the seconds until the next one is."""
        if self._limiter.hit(self._item, key):
            return 0
        over_at = self._limiter.get_window_stats(self._item, key).reset_time
        return max(1, ceil(over_at - self._moments.clock()))


@dataclass(frozen=True)
class RefusalLimit:
    """Passes answers on, but for the refusals that one network got too often."""

    refuse: Callable[[str, int], ASGIApp]
    limit: Limit = field(default_factory=lambda: Limit(REFUSALS))

    async def __call__(self, answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        wait = 0

        async def counted(message: Message) -> None:
            nonlocal wait
            if message["type"] == "http.response.start" and is_refusal(scope["path"], message["status"]):
                wait = self.limit.wait(network(_host(scope)))
            if not wait:
                await send(message)

        async def with_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders(message)["retry-after"] = str(wait)
            await send(message)

        await answer(scope, receive, counted)
        if wait:
            await self.refuse(scope["path"], 429)(scope, receive, with_time)


def _host(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
