"""Sub-agents: conversations of their own in the same log, under the same budget and the same stop."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, Step, Telling, calls, hangs, meeting, roles, says, tells
from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, lines, logged
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ProviderError
from trio_agent.core.message import Message
from trio_agent.core.transcript import transcript
from trio_agent.core.usage import Usage
from trio_agent.runtime.work import INTERRUPTED
from trio_agent.seams import Answer, ModelRequest, OnText, OnUsage, Tool

FIND = '{"task": "find it"}'
"""Arguments of a call of the tool."""


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class Crew(Desk):
    """A desk whose model answers the root by `root`'s steps, and each sub-agent by `subs`' for its task."""

    def __init__(
        self,
        tmp_path: Path,
        *,
        root: list[Step],
        subs: dict[str, list[Step]],
        tools: list[Tool] | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(tmp_path, tools=tools or [], budget=budget)
        self.model.steps = []
        self._root, self._subs = root, subs
        self.asked: dict[str, list[ModelRequest]] = {}
        plain = self.model.answer

        async def answer(request: ModelRequest, on_text: OnText, on_usage: OnUsage) -> Answer:
            task = request.turns[0].text
            steps = self._subs.get(task, self._root)
            self.asked.setdefault(task if task in self._subs else "root", []).append(request)
            # No checkpoint between here and the model's own look at its steps, where sub-agents run at the same time.
            step = steps.pop(0)
            if isinstance(step, Answer):
                on_text("content", step.text)
                on_usage(step.usage)
                await trio.lowlevel.checkpoint()
                return step
            self.model.steps = [step]
            return await plain(request, on_text, on_usage)

        self.model.answer = answer  # type: ignore[method-assign]


def of(messages: list[Message], conversation_id: str) -> list[str]:
    return [
        f"{each.type}: {each.content or each.tool_result}"
        for each in messages
        if each.conversation_id == conversation_id
    ]


async def test_a_sub_agent_works_in_a_conversation_of_its_own_and_its_last_answer_goes_back(
    store: HouseStore, tmp_path: Path
) -> None:
    crew = Crew(
        tmp_path,
        root=[calls("subagent", input=FIND), says("Done.")],
        subs={"find it": [calls("look", id="sub-look"), says("It is in a.py.")]},
        tools=[FakeTool("look", "a.py:1")],
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        log = await logged(session)
        (sub,) = {each.conversation_id for each in log if each.parent_conversation_id}
        assert {each.parent_conversation_id for each in log if each.conversation_id == sub} == {session.id}
        assert of(log, sub) == ["user: find it", "agent: ", "tool: a.py:1", "agent: It is in a.py."]
        assert of(log, session.id) == ["user: hi", "agent: ", "tool: It is in a.py.", "agent: Done."]
        (result,) = [each for each in log if each.tool_name == "subagent"]
        assert result.display == {"kind": "subagent", "conversation_id": sub}
        assert [each.end_of_turn for each in log if each.type == "agent"] == [False, False, False, True]
        assert session.usage.messages == 4
        assert session.usage.tool_uses == {"subagent": 1, "look": 1}
        assert not session.prompts.ready, "a sub-agent's task is nobody's prompt"
    assert roles(crew.asked["root"][1]) == ["hi", "call subagent", "subagent: It is in a.py."]
    assert roles(crew.asked["find it"][1]) == ["find it", "call look", "look: a.py:1"]
    assert transcript(log, sub)[:3] == crew.asked["find it"][1].turns
    assert "sub-agent" in crew.asked["find it"][0].system


async def test_sub_agents_of_one_answer_work_at_the_same_time_with_the_tools_of_their_own(
    store: HouseStore, tmp_path: Path
) -> None:
    two = calls("subagent", "subagent", id="s")
    tasks = ("one", "two")
    two_calls = tuple(
        type(call)(name=call.name, input=f'{{"task": "{task}"}}', tool_call_id=f"s{task}")
        for call, task in zip(two.tool_calls, tasks, strict=True)
    )
    asked = type(two)(text="", stop_reason="tool_use", usage=two.usage, model="fake-1", tool_calls=two_calls)
    crew = Crew(
        tmp_path,
        root=[asked, says("Done.")],
        subs={task: [calls("meet", id="0"), says(f"{task} is done")] for task in tasks},
        tools=[meeting(), FakeTool("ask_user"), FakeTool("todo_write")],
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        log = await logged(session)
    assert {"tool: one is done", "tool: two is done"} < set(of(log, session.id))
    ids = [call.tool_call_id for each in log for call in each.tool_calls]
    assert len(set(ids)) == len(ids) == 4
    assert [spec.name for spec in crew.asked["one"][0].tools] == ["meet"]
    assert {"meet", "subagent", "ask_user"} < {spec.name for spec in crew.asked["root"][0].tools}


async def test_a_sub_agent_s_text_is_shown_as_the_output_of_its_call(store: HouseStore, tmp_path: Path) -> None:
    crew = Crew(tmp_path, root=[calls("subagent", input=FIND)], subs={"find it": [tells("I am looking")]})
    async with crew.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert session.live.tools["id-subagent"].since(0) == "I am looking "
        assert not session.live.parts
        state = session.snapshot()
        assert (state.agent_state, state.outstanding_llm_calls) == ("RunningTool", 1)
        await session.cancel()


async def test_a_sub_agent_is_cancelled_with_its_parent_and_every_end_is_in_the_log(
    store: HouseStore, tmp_path: Path
) -> None:
    crew = Crew(
        tmp_path,
        root=[calls("subagent", input=FIND), says("Fine.")],
        subs={"find it": [calls("look", id="sub-look")]},
        tools=[FakeTool("look", hangs)],
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("enough")
        log = await logged(session)
        told = [(each.tool_call_id, each.tool_result) for each in log if each.type == "tool"]
        assert told == [
            ("sub-look", "Cancelled before it finished: enough"),
            ("id-subagent", "Cancelled before it finished: enough"),
        ]
        assert session.account.open_calls == ()
        await session.post("go on")
        await at_rest(session)
    assert roles(crew.asked["root"][1])[-2:] == ["subagent: Cancelled before it finished: enough", "go on"]


async def test_a_sub_agent_can_be_cancelled_alone_and_what_it_ran_is_told_the_reason(
    store: HouseStore, tmp_path: Path
) -> None:
    crew = Crew(
        tmp_path,
        root=[calls("subagent", "wait", input=FIND), says("Fine.")],
        subs={"find it": [calls("look", id="sub-look")]},
        tools=[FakeTool("look", hangs), FakeTool("wait", hangs)],
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel_tool("id-subagent", "not needed")
        assert session.snapshot().outstanding_tool_calls == ("wait",)
        told = [each.tool_result for each in await logged(session) if each.type == "tool"]
        assert told == ["Cancelled before it finished: not needed"] * 2
        await session.cancel()


async def test_what_a_sub_agent_spends_is_its_parent_s_and_ends_the_turn_for_all(
    store: HouseStore, tmp_path: Path
) -> None:
    async def dear(request: ModelRequest, on_text: OnText, on_usage: OnUsage) -> Answer:
        on_text("content", "dear words")
        on_usage(Usage(cost_usd=0.7))
        await trio.sleep_forever()
        raise AssertionError

    crew = Crew(
        tmp_path,
        root=[calls("subagent", "wait", input=FIND, cost=0.4), says("Fine.")],
        subs={"find it": [Telling(dear)]},
        tools=[FakeTool("wait", hangs)],
        budget=Budget(dollars=1.0),
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        log = await logged(session)
        assert log[-1].type == "budget"
        assert log[-1].content.startswith("Spent $1.10 of $1.00.")
        assert [each.type for each in log if each.parent_conversation_id] == ["user", "agent"]
        ended = [each.tool_result.splitlines()[0] for each in log if each.type == "tool"]
        assert ended == ["Not finished: the budget of this turn was reached."] * 2
        assert round(session.usage.total_cost_usd, 2) == 1.1


async def test_responses_of_sub_agents_are_counted(store: HouseStore, tmp_path: Path) -> None:
    crew = Crew(
        tmp_path,
        root=[calls("subagent", input=FIND), says("Never asked.")],
        subs={"find it": [calls("look", id="1"), calls("look", id="2"), says("Never asked.")]},
        tools=[FakeTool("look")],
        budget=Budget(responses=3),
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Used 3 of 3 model responses.")
        assert session.usage.messages == 3


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([ProviderError("Overloaded.")], "The sub-agent could not go on: Overloaded."),
        ([tells("So far", then=ProviderError("Overloaded."))], "The sub-agent could not go on: Overloaded."),
    ],
)
async def test_a_sub_agent_whose_provider_fails_is_told_to_its_parent_which_goes_on(
    store: HouseStore, tmp_path: Path, steps: list[Step], told: str
) -> None:
    crew = Crew(tmp_path, root=[calls("subagent", input=FIND), says("I see.")], subs={"find it": steps})
    async with crew.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-2:] == [f"tool: {told}", "agent: I see."]


@pytest.mark.parametrize("input", ["{}", '{"task": ""}', "[", '{"task": "x", "more": 1}', '{"task": 1}'])
async def test_a_task_that_is_none_is_told_to_the_model(store: HouseStore, tmp_path: Path, input: str) -> None:
    desk = Desk(tmp_path, calls("subagent", input=input), says("Again."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[2].startswith("tool: The input does not fit this tool: ")


async def test_the_calls_of_a_sub_agent_are_closed_after_a_restart_in_its_own_conversation(store: HouseStore) -> None:
    async def turn(session, prompts) -> None:  # type: ignore[no-untyped-def]
        within = {"conversation_id": "sub", "parent_conversation_id": session.id}
        await session.record(Message(type="agent", tool_calls=calls("subagent").tool_calls))
        await session.record(Message(type="user", content="find it", **within))
        await session.record(Message(type="agent", tool_calls=calls("look").tool_calls, **within))
        await trio.sleep_forever()

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert not session.prompts.ready
    async with at_work(store, HouseAgent()) as session:
        closed = [each for each in await logged(session) if each.type == "tool"]
        told = [(each.tool_call_id, each.conversation_id, each.parent_conversation_id) for each in closed]
    assert told == [("id-look", "sub", session.id), ("id-subagent", session.id, "")]
    assert {each.tool_result for each in closed} == {INTERRUPTED}
