"""The demo model: needs no network and no key, and uses the real loop and the real tools.

It keeps nothing: what it does next follows from the conversation. `demo_prompt` says what was asked; here stands what it
answers, first to the prompt and then to the outcomes of the tools it called.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from trio_agent.core.compaction import SUMMARISE
from trio_agent.core.errors import ProviderError
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import SUMMARY_OPENS, AgentTurn, Outcome, Turn, UserTurn
from trio_agent.core.wire import encode_json
from trio_agent.models import demo_tour
from trio_agent.models.demo_prompt import Bash, Burst, Command, Cost, Echo, Fail, Misused, Stream, Tour, read_prompt
from trio_agent.models.speech import estimated_usage, speak
from trio_agent.seams import Answer, ModelRequest, OnText, OnUsage, unheard

# The tour is read by people while it is written; everything else is quick, for the tests.
TOUR_PAUSE_S = 0.01

RESUMED = "The conversation was summed up while I was at work, so I stop here. This is all I remember of it: {}"


class DemoModel:
    @property
    def name(self) -> str:
        return "demo"

    @property
    def context_window(self) -> int:
        return 200_000

    @property
    def priced(self) -> bool:
        return True

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        prompt, since = _last_prompt(request.turns)
        if prompt.endswith(SUMMARISE):
            command: Command = Echo(_summary(request.turns))
        else:
            command = _resumed(prompt) or read_prompt(prompt)
        text = ""
        calls: tuple[ToolCall, ...] = ()
        pause_s = 0.0
        cost_usd = 0.0
        match command:
            case Echo(text=text) | Misused(usage=text):
                pass
            case Stream(words=words, pause_ms=pause_ms):
                text = " ".join(f"word{number}" for number in range(1, words + 1))
                pause_s = pause_ms / 1000
            case Bash(command=line, timeout_s=timeout_s):
                if (outcome := _last_outcome(since)) is None:
                    arguments = {"command": line} if timeout_s is None else {"command": line, "timeout_s": timeout_s}
                    calls = (_call("bash", arguments),)
                else:
                    text = outcome.text
            case Burst(count=count, size=size):
                if (outcome := _last_outcome(since)) is None:
                    calls = (_call("burst", {"count": count, "bytes": size}),)
                else:
                    text = outcome.text
            case Cost(dollars=cost_usd):
                text = f"This answer cost ${cost_usd:g}."
            case Fail():
                raise ProviderError(
                    "The demo provider is overloaded, as it was told to be. Send another message to go on.",
                    retry_after_s=0,
                )
            case Tour():
                step = demo_tour.next_step(request.turns, since)
                text, pause_s = step.text, TOUR_PAUSE_S
                calls = (_call(step.tool, step.input),) if step.tool else ()
        # The first answer explains itself. Where the user asked for a text of their own, the explanation stands beside it.
        first = not any(isinstance(turn, AgentTurn) for turn in request.turns)
        thinking = demo_tour.INTRODUCTION if first and not isinstance(command, Tour) else ""
        # What is heard is known at once, what is said when it was said: as real providers tell it.
        on_usage(estimated_usage(request, ""))
        await speak(on_text, "content", text, pause_s)
        said = thinking + text + "".join(call.input for call in calls)
        usage = estimated_usage(request, said).costing(cost_usd)
        on_usage(usage)
        return Answer(
            text=text,
            thinking=thinking,
            tool_calls=calls,
            stop_reason="tool_use" if calls else "end_turn",
            usage=usage,
            model=self.name,
        )


def _last_prompt(turns: tuple[Turn, ...]) -> tuple[str, tuple[Turn, ...]]:
    """The user's last words, and the turns since. Words sent while tools ran stand in one turn with their outcomes."""
    for index in range(len(turns) - 1, -1, -1):
        turn = turns[index]
        if isinstance(turn, UserTurn) and turn.text.strip():
            return turn.text, turns[index + 1 :]
    return "", turns


def _summary(turns: tuple[Turn, ...]) -> str:
    """What the model is asked for when a conversation is cut off. One paragraph: the next prompt follows it."""
    said = [turn.text.removesuffix(SUMMARISE) for turn in turns if isinstance(turn, UserTurn)]
    last = next((" ".join(text.split()) for text in reversed(said) if text.strip()), "nothing")
    answers = sum(isinstance(turn, AgentTurn) for turn in turns)
    return f"The demo model has answered {answers} times. The last thing it was told: {last[:200]}"


def _resumed(prompt: str) -> Echo | None:
    """Where a turn was summed up in the middle of its work, its prompt is gone, and nothing says what was to come."""
    summary = prompt.removeprefix(f"{SUMMARY_OPENS}\n\n")
    # What the user has said since stands in paragraphs of its own.
    return None if summary == prompt or "\n\n" in summary else Echo(RESUMED.format(summary))


def _last_outcome(turns: tuple[Turn, ...]) -> Outcome | None:
    outcomes = [outcome for turn in turns if isinstance(turn, UserTurn) for outcome in turn.outcomes]
    return outcomes[-1] if outcomes else None


def _call(name: str, input: Mapping[str, object]) -> ToolCall:
    # Random, since a conversation that was compacted forgets which names it has used.
    return ToolCall(name=name, input=encode_json(input).decode(), tool_call_id=f"call-{secrets.token_hex(8)}")
