"""What the tests of models share: a conversation in short, and somebody who listens to it."""

from __future__ import annotations

import trio

from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import AgentTurn, Outcome, Turn, UserTurn
from trio_agent.core.usage import Usage
from trio_agent.seams import Answer, Model, ModelRequest, Part


class Listener:
    """Hears a model speak, as a session does. `at` is when each piece came, by Trio's clock.

    `usages` is what `on_usage` was told.
    """

    def __init__(self) -> None:
        self.said: dict[Part, str] = {"content": "", "thinking": ""}
        self.pieces: list[tuple[Part, str]] = []
        self.at: list[float] = []
        self.restarts = 0
        self.usages: list[Usage] = []

    def __call__(self, part: Part, text: str, *, restart: bool = False) -> None:
        if restart:
            self.restarts += 1
            self.said[part] = ""
        self.said[part] += text
        self.pieces.append((part, text))
        self.at.append(trio.current_time())

    def on_usage(self, usage: Usage) -> None:
        self.usages.append(usage)


def asking(*turns: Turn | str, system: str = "") -> ModelRequest:
    """A request with `turns`; a string is a user's."""
    return ModelRequest(
        system=system, turns=tuple(UserTurn(text=turn) if isinstance(turn, str) else turn for turn in turns)
    )


def after(request: ModelRequest, answer: Answer, *results: str, text: str = "", error: bool = False) -> ModelRequest:
    """The request that follows when the calls of `answer` had `results`, and the user said `text` meanwhile."""
    outcomes = tuple(
        Outcome(tool_call_id=call.tool_call_id, name=call.name, text=result, error=error)
        for call, result in zip(answer.tool_calls, results, strict=True)
    )
    said = AgentTurn(text=answer.text, tool_calls=answer.tool_calls)
    return ModelRequest(
        system=request.system, turns=(*request.turns, said, UserTurn(outcomes=outcomes, text=text)), tools=request.tools
    )


async def answer_of(model: Model, request: ModelRequest | str) -> Answer:
    """What `model` answers, checked to be what it said while it spoke."""
    listener = Listener()
    request = asking(request) if isinstance(request, str) else request
    answer = await model.answer(request, listener, listener.on_usage)
    assert listener.said["content"] == answer.text
    assert listener.usages[-1] == answer.usage
    return answer


def only_call(answer: Answer) -> ToolCall:
    (call,) = answer.tool_calls
    return call
