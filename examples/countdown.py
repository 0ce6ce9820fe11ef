"""An agent of one function: it counts down from the number in your message, and can be stopped.

hypercorn --worker-class trio examples.countdown:app
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import trio

from trio_agent import create_app, from_iterator


async def countdown(message: str) -> AsyncIterator[str]:
    digits = re.search(r"\d{1,6}", message)
    for number in range(int(digits[0]) if digits else 10, 0, -1):
        yield f"{number}… "
        await trio.sleep(1)
    yield "lift-off!"


app = create_app(agent=from_iterator(countdown))
