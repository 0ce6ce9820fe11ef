from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, after, answer_of, asking, only_call
from trio_agent.core.errors import ConfigError, ProviderError
from trio_agent.core.transcript import AgentTurn
from trio_agent.core.usage import Usage
from trio_agent.models.scripted import THE_END, ScriptedModel


def script(folder: Path, *answers: object, lines: bool = False) -> ScriptedModel:
    path = folder / "script.json"
    path.write_text("\n".join(json.dumps(answer) for answer in answers) if lines else json.dumps(answers, indent=1))
    return ScriptedModel(str(path))


@pytest.mark.parametrize("lines", [False, True])
async def test_answers_are_given_one_after_another_and_then_it_says_that_it_is_at_its_end(
    tmp_path: Path, lines: bool
) -> None:
    model = script(tmp_path, {"text": "one"}, {"text": "two"}, lines=lines)
    request = asking("a")
    texts = []
    for _ in range(3):
        answer = await answer_of(model, request)
        texts.append((answer.text, answer.stop_reason))
        request = asking(*request.turns, AgentTurn(text=answer.text), "go on")
    assert texts == [("one", "end_turn"), ("two", "end_turn"), (THE_END, "end_turn")]


async def test_the_place_in_the_script_survives_a_restart(tmp_path: Path) -> None:
    script(tmp_path, {"text": "one"}, {"text": "two"})
    restarted = ScriptedModel(str(tmp_path / "script.json"))
    assert (await answer_of(restarted, asking("a", AgentTurn(text="one"), "b"))).text == "two"


async def test_every_session_hears_the_script_from_its_beginning(tmp_path: Path) -> None:
    model = script(tmp_path, {"text": "one"}, {"text": "two"})
    assert [(await answer_of(model, "a")).text, (await answer_of(model, "b")).text] == ["one", "one"]


async def test_all_that_an_answer_may_hold(tmp_path: Path) -> None:
    model = script(
        tmp_path,
        {
            "text": "text",
            "thinking": "a thought",
            "tool_calls": [{"name": "bash", "input": {"command": "ls"}}, {"name": "patch", "input": "{broken"}],
            "usage": {"input_tokens": 3, "cost_usd": 0.5},
        },
    )
    listener = Listener()
    answer = await model.answer(asking("a"), listener)
    assert listener.said == {"content": "text", "thinking": "a thought"}
    assert (answer.text, answer.thinking, answer.stop_reason) == ("text", "a thought", "tool_use")
    assert [(call.name, call.input) for call in answer.tool_calls] == [
        ("bash", '{"command":"ls"}'),
        ("patch", "{broken"),
    ]
    assert len({call.tool_call_id for call in answer.tool_calls}) == 2
    assert answer.usage == Usage(input_tokens=3, cost_usd=0.5)
    assert answer.model == model.name == f"scripted:{tmp_path}/script.json"


async def test_a_tool_without_arguments_gets_an_empty_object(tmp_path: Path) -> None:
    assert only_call(await answer_of(script(tmp_path, {"tool_calls": [{"name": "x"}]}), "a")).input == "{}"


async def test_the_stop_reason_can_be_told(tmp_path: Path) -> None:
    model = script(tmp_path, {"text": "no", "stop_reason": "refusal"})
    assert (await answer_of(model, "a")).stop_reason == "refusal"


async def test_words_come_apart_by_the_delay(tmp_path: Path, autojump_clock: MockClock) -> None:
    model = script(tmp_path, {"text": "one two three", "delay_ms": 250})
    begin = trio.current_time()
    await answer_of(model, "a")
    assert trio.current_time() - begin == pytest.approx(0.5)


async def test_an_error_is_raised_once_in_its_place(tmp_path: Path) -> None:
    errors = [{"error": {"message": "first"}}, {"error": {"message": "second", "retry_after_s": 5}}]
    model = script(tmp_path, {"text": "one"}, *errors, {"text": "two"})
    first = await answer_of(model, "a")
    request = after(asking("a"), first, text="b")
    with pytest.raises(ProviderError, match="first") as one:
        await model.answer(request, Listener())
    with pytest.raises(ProviderError, match="second") as two:
        await model.answer(request, Listener())
    assert (one.value.retry_after_s, two.value.retry_after_s) == (None, 5)
    assert (await answer_of(model, request)).text == "two"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"text": "a"}\n{"text": \n', "line 3: not valid JSON"),
        ('[\n{"text": "a"},\n{"text": }\n]', "line 3: not valid JSON"),
        ('[\n{"text": "a"}\n{"text": "b"}\n]', "line 3: not valid JSON"),
        ('{"text": "a"}\n\n{"txt": "b"}', "line 3: .*txt"),
        ('[\n{"text": "a"},\n{"text": 5}]', "line 3: .*str"),
        ('{"text": "a", "delay_ms": -1}', "line 1: .*delay_ms"),
        ('{"text": "a", "stop_reason": "tired"}', "line 1: .*stop_reason"),
        ('{"text": "a", "usage": {"cost_usd": NaN}}', "line 1"),
        ('{"text": "\\ud800"}', "line 1"),
        ('{"text": "a"}\n{"text": " "}', "line 2: an answer needs"),
        ("5", "line 1"),
        ("[" * 100_000, "line 1"),
    ],
)
def test_a_bad_script_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        ScriptedModel(str(path))


def test_a_script_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the script"):
        ScriptedModel(str(tmp_path / "missing.json"))
    (tmp_path / "latin1").write_bytes(b'{"text": "\xff"}')
    with pytest.raises(ConfigError, match="cannot read the script"):
        ScriptedModel(str(tmp_path / "latin1"))


async def test_an_empty_script_is_at_its_end_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    assert (await answer_of(ScriptedModel(str(tmp_path / "empty")), "a")).text == THE_END
