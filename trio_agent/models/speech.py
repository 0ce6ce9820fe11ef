"""How a model without a provider speaks: its text in small pieces, with a pause between them, and tokens by rule of thumb."""

from __future__ import annotations

import re

import trio

from trio_agent.core.transcript import AgentTurn
from trio_agent.core.usage import Usage
from trio_agent.seams import ModelRequest, OnText, Part

# A long text (a tool's whole output, say) comes in bigger pieces: each costs every reader an event.
MAX_PIECES = 2_000

# English text comes to about four characters a token with the usual tokenisers; good enough for a meter.
_CHARS_PER_TOKEN = 4

_WORD = re.compile(r"\s*\S+|\s+")


def pieces(text: str) -> list[str]:
    """`text` cut before the space between words, into at most MAX_PIECES pieces. Joined, they are `text` again."""
    words = _WORD.findall(text)
    size = max(1, -(-len(words) // MAX_PIECES))
    return ["".join(words[i : i + size]) for i in range(0, len(words), size)]


async def speak(on_text: OnText, part: Part, text: str, pause_s: float = 0) -> None:
    """Give `text` to `on_text` piece by piece, `pause_s` apart. The first comes at once; a checkpoint for each."""
    begin = trio.current_time()
    for number, piece in enumerate(pieces(text)):
        # Against the clock, not one sleep after the other: the time the pieces take themselves does not add up.
        await trio.sleep_until(begin + number * pause_s)
        on_text(part, piece)


def estimated_usage(request: ModelRequest, said: str) -> Usage:
    """Plausible token counts for answering `said` to `request`, at no cost."""
    heard = len(request.system)
    for turn in request.turns:
        heard += len(turn.text)
        if isinstance(turn, AgentTurn):
            heard += sum(len(call.input) for call in turn.tool_calls)
        else:
            heard += sum(len(outcome.text) for outcome in turn.outcomes)
    return Usage(input_tokens=_tokens(heard), output_tokens=_tokens(len(said)))


def _tokens(chars: int) -> int:
    return -(-chars // _CHARS_PER_TOKEN)
