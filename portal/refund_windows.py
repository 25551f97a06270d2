"""How long a payment service gives money back."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.payment_attempts import Attempt

# PayPal answers REFUND_TIME_LIMIT_EXCEEDED from then on.
REFUND_WINDOW = timedelta(days=180)


def is_over(attempt: Attempt, now: datetime) -> bool:
    """Whether the money of that payment can only be sent back past the service."""
    return attempt.capture is not None and now - attempt.capture.at > REFUND_WINDOW
