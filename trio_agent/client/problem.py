"""What a server says when the answer is no (RFC 9457), and whether another try may change it."""

from __future__ import annotations

import re

import httpx2
import msgspec

# Too early, too many, overloaded, starting, full.
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
_SECONDS = re.compile(r"[0-9]{1,6}")

WRONG_TOKEN = "the server wants a token, and this is not it: use the link that it printed"


class _Problem(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""


def worth_retrying(response: httpx2.Response) -> bool:
    """May the same request be answered otherwise a little later? Redirects are not followed, and lead nowhere."""
    return response.status_code in _MAY_PASS


def retry_after_s(response: httpx2.Response) -> float:
    """Seconds the server asks to wait; 0 where it names none (a date counts as none)."""
    value = response.headers.get("retry-after", "")
    return float(value) if _SECONDS.fullmatch(value) else 0.0


def problem_of(response: httpx2.Response) -> str:
    """One line for the user on why `response`, whose body was read, is a no."""
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    if response.status_code == 401:
        return WRONG_TOKEN
    return problem.detail or problem.title or f"the server answered {response.status_code}"
