"""When a conversation has outgrown its model, and what the model is then asked for."""

from __future__ import annotations

import msgspec

from trio_agent.core.transcript import Outcome, Turn, UserTurn

FULL = 0.8
"""The part of the context window from which on a conversation is summarised: the summary and an answer must still fit."""

CHARS_PER_TOKEN = 4
"""A rule of thumb for English text and code with the usual tokenisers; used for what no provider has counted yet."""

MAX_OUTCOME_CHARS = 2_000
MAX_WORDS_CHARS = 20_000

SUMMARISE = """The conversation has become too long and will be cut off here. Write what you need in order to go on without \
it; your next words will be based on nothing else. Do not call tools. Say, each under a heading of its own:
- what the user asked for, in all its parts, with every wish, correction and constraint that still holds, in their own words;
- what has been done, with the names of the files and functions concerned, and which commits were made;
- what was found out and decided, and why, including what was tried and did not work;
- what is under way, what is left to do, and the very next step."""


def estimated_tokens(turns: tuple[Turn, ...]) -> int:
    """About how much of a context window `turns` fill."""
    return len(msgspec.json.encode(turns)) // CHARS_PER_TOKEN


def shortened(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """`turns` with the middle of what is long left out, for a model that would not take the whole even to summarise it."""
    return tuple(_shortened(turn) for turn in turns)


def _shortened(turn: Turn) -> Turn:
    if not isinstance(turn, UserTurn):
        calls = tuple(
            msgspec.structs.replace(call, input=_cut(call.input, MAX_OUTCOME_CHARS)) for call in turn.tool_calls
        )
        return msgspec.structs.replace(turn, text=_cut(turn.text, MAX_WORDS_CHARS), tool_calls=calls)
    outcomes: tuple[Outcome, ...] = tuple(
        msgspec.structs.replace(outcome, text=_cut(outcome.text, MAX_OUTCOME_CHARS), images=())
        for outcome in turn.outcomes
    )
    return msgspec.structs.replace(turn, outcomes=outcomes, text=_cut(turn.text, MAX_WORDS_CHARS), images=())


def _cut(text: str, chars: int) -> str:
    if len(text) <= chars:
        return text
    return f"{text[: chars // 2]}\n[… {len(text) - chars} characters left out …]\n{text[-chars // 2 :]}"
