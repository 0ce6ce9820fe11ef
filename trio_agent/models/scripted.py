"""A model that answers from a file, for tests and demonstrations: `scripted:FILE`.

FILE holds answers, one JSON object each, as a JSON array or as JSON Lines:

    {"text": "I will look.", "tool_calls": [{"name": "bash", "input": {"command": "ls"}}]}
    {"error": {"message": "The provider is overloaded.", "retry_after_s": 5}}
    {"thinking": "Hm.", "text": "Done.", "usage": {"output_tokens": 7, "cost_usd": 0.25}, "delay_ms": 20}

Which answer comes next follows from the conversation: the one after as many as the model has given in it. So sessions that
share the model each hear the script from its beginning, and a restart of the program loses nothing. An `error` leaves no
trace in a conversation, so it is counted here: each is raised once while the program runs, before the answer it stands
before.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated, Any

import msgspec

from trio_agent.core.errors import ConfigError, ProviderError
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import AgentTurn
from trio_agent.core.usage import Usage
from trio_agent.core.wire import encode_json
from trio_agent.models.speech import speak
from trio_agent.seams import Answer, ModelRequest, OnText, OnUsage, StopReason, unheard

THE_END = "The script has no further answer."


class ScriptedCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call. `input` is an object, or a string that is given to the tool as it stands, valid JSON or not."""

    name: str
    input: dict[str, Any] | str = {}


class ScriptedError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    message: str
    retry_after_s: Annotated[float, msgspec.Meta(ge=0)] | None = None


class ScriptedAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One object of the file. `delay_ms` is the pause between streamed words; `stop_reason` follows from the tool calls."""

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    usage: Usage = Usage()
    delay_ms: Annotated[float, msgspec.Meta(ge=0)] = 0
    stop_reason: StopReason | None = None
    error: ScriptedError | None = None


class ScriptedModel:
    """Answers from the file at `path`. Raises ConfigError, with the line, where that is no script."""

    def __init__(self, path: str) -> None:
        self._name = f"scripted:{path}"
        self._answers: list[ScriptedAnswer] = []
        # _errors[n] are raised before _answers[n] is given, last first.
        self._errors: list[list[ScriptedError]] = [[]]
        for answer in read_script(path):
            if answer.error is None:
                self._answers.append(answer)
                self._errors.append([])
            else:
                self._errors[-1].insert(0, answer.error)

    @property
    def name(self) -> str:
        return self._name

    @property
    def context_window(self) -> int:
        return 0

    @property
    def priced(self) -> bool:
        return True

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        step = min(sum(isinstance(turn, AgentTurn) for turn in request.turns), len(self._answers))
        if self._errors[step]:
            error = self._errors[step].pop()
            raise ProviderError(error.message, retry_after_s=error.retry_after_s)
        script = self._answers[step] if step < len(self._answers) else ScriptedAnswer(text=THE_END)
        await speak(on_text, "thinking", script.thinking, script.delay_ms / 1000)
        await speak(on_text, "content", script.text, script.delay_ms / 1000)
        on_usage(script.usage)
        return Answer(
            text=script.text,
            thinking=script.thinking,
            tool_calls=tuple(_tool_call(call) for call in script.tool_calls),
            stop_reason=script.stop_reason or ("tool_use" if script.tool_calls else "end_turn"),
            usage=script.usage,
            model=self._name,
        )


def read_script(path: str) -> list[ScriptedAnswer]:
    """The answers in the file at `path`. Raises ConfigError, with the line, for anything else."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot read the script {path}: {exc}") from exc
    decoder = json.JSONDecoder()
    in_array = text.lstrip().startswith("[")
    # The items of an array are read one by one too, so that each error can name its line.
    between = " \t\r\n[,]" if in_array else " \t\r\n"
    answers = []
    position = _skip(text, 0, between)
    try:
        if in_array:
            decoder.decode(text)
        while position < len(text):
            _, end = decoder.raw_decode(text, position)
            answers.append(_scripted_answer(text[position:end]))
            position = _skip(text, end, between)
    except json.JSONDecodeError as exc:
        raise ConfigError(f"{path}, line {exc.lineno}: not valid JSON: {exc.msg}") from exc
    except (msgspec.DecodeError, _Empty, RecursionError) as exc:
        raise ConfigError(f"{path}, line {text.count(chr(10), 0, position) + 1}: {exc}") from exc
    return answers


class _Empty(Exception):
    pass


def _scripted_answer(text: str) -> ScriptedAnswer:
    answer = msgspec.json.decode(text, type=ScriptedAnswer)
    if not (answer.text.strip() or answer.tool_calls or answer.error):
        # It would leave no trace in the conversation, and so be given again for ever.
        raise _Empty("an answer needs a text, tool calls or an error")
    return answer


def _skip(text: str, position: int, characters: str) -> int:
    while position < len(text) and text[position] in characters:
        position += 1
    return position


def _tool_call(call: ScriptedCall) -> ToolCall:
    # Random, since a conversation that was compacted forgets which names it has used.
    text = call.input if isinstance(call.input, str) else encode_json(call.input).decode()
    return ToolCall(name=call.name, input=text, tool_call_id=f"call-{secrets.token_hex(8)}")
