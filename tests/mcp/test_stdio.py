"""MCP servers as processes: an honest one made with the SDK, and others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import trio
import trio.testing

from tests.mcp.connecting import call, connected, honest, hostile
from tests.mcp.servers.honest import PIXEL
from tests.tools.bench import FakeBench, running
from trio_agent.core.errors import ToolError
from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import Redactor
from trio_agent.seams import Tool
from trio_agent.tools.mcp import open_mcp
from trio_agent.tools.mcp_tool import MAX_DESCRIPTION_CHARS, MAX_IMAGES, tool_name, tools_of


async def test_its_tools_are_told_with_their_schemas_and_can_be_called(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        specs = {tool.spec.name: tool.spec for tool in tools_of(it)}
        assert specs["it__add"].description == "Add two numbers."
        assert specs["it__add"].input_schema["required"] == ["a", "b"]
        assert (await call(it, "it__add", bench, b'{"a": 2, "b": 40}')).text == "42"
        failed = await call(it, "it__fail", bench)
        assert (failed.error, "as it should" in failed.text) == (True, True)
        assert (await call(it, tool_name("it", "odd.name with blanks"), bench)).text == "odd"
        wrong = await call(it, "it__add", bench, b'{"a": "x"}')
        assert wrong.error
        for nonsense in (b"[1]", b"{", b"\xff"):
            with pytest.raises(ToolError, match="JSON object"):
                await call(it, "it__add", bench, nonsense)


async def test_an_image_is_kept_for_the_model_to_see(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        shown = await call(it, "it__picture", bench)
        assert shown.display is not None
        assert (shown.display["kind"], shown.display["media_type"]) == ("image", "image/png")
        assert await bench.blobs.get(shown.display["blob"]) == PIXEL


async def test_all_images_of_a_result_are_kept_up_to_a_limit(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        shown = await call(it, "it__pictures", bench, b'{"count": 2}')
        assert shown.display is not None
        images = [shown.display, *shown.display["further"]]
        assert [await bench.blobs.get(image["blob"]) for image in images] == [PIXEL + b"\0", PIXEL + b"\1", PIXEL]
        assert {image["media_type"] for image in images} == {"image/png"}
        assert "[file:///1: not text, left out]" in shown.text
        shown = await call(it, "it__pictures", bench, b'{"count": 30}')
        assert shown.display is not None
        assert len(shown.display["further"]) == MAX_IMAGES - 1
        assert shown.text.count("[a further image, left out]") == 31 - MAX_IMAGES


async def test_it_gets_the_environment_of_the_allow_list_and_what_the_user_gives_it(
    bench: FakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-not-for-others")
    async with connected(honest(GIVEN="by the user")) as it:
        for name, value in (("GIVEN", "by the user"), ("ANTHROPIC_API_KEY", "(not set)"), ("PATH", os.environ["PATH"])):
            assert (await call(it, "it__variable", bench, f'{{"name": "{name}"}}'.encode())).text == value
        assert (await call(it, "it__process", bench)).text.split()[1] == str(Path.home())


async def test_progress_is_shown_and_a_cancelled_call_leaves_the_server_at_work(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, it, "it__hang", bench)
            await bench.wait_output("at it [1 of 3]")
            nursery.cancel_scope.cancel()
        assert (await call(it, "it__add", bench, b'{"a": 1, "b": 1}')).text == "2"


async def test_a_changed_list_of_tools_is_taken_over(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        await call(it, "it__grow", bench)
        while "grown" not in {tool.name for tool in it.tools}:
            await it.wait_changed()
        assert (await call(it, "it__grown", bench)).text == "grown"


async def test_a_server_that_dies_is_told_and_started_again_by_the_next_call(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        first = (await call(it, "it__process", bench)).text.split()[0]
        with pytest.raises(ToolError, match="lost during the call: it ended; its last words: I have had enough"):
            await call(it, "it__die", bench)
        assert (await call(it, "it__add", bench, b'{"a": 1, "b": 2}')).text == "3"
        assert (await call(it, "it__process", bench)).text.split()[0] != first


async def test_leaving_ends_the_server(bench: FakeBench) -> None:
    async with connected(honest()) as it:
        pid = int((await call(it, "it__process", bench)).text.split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_server_that_cannot_be_started_is_a_tool_that_says_why(bench: FakeBench) -> None:
    for server, why in ((McpServer(command=("/no/such/program",)), "No such file"), (hostile("stillborn"), "database")):
        async with connected(server) as it:
            assert why in it.problem
            with pytest.raises(ToolError, match=why):
                await call(it, "it__connect", bench)


async def test_what_is_no_json_is_passed_over(bench: FakeBench) -> None:
    async with connected(hostile("garbage")) as it:
        assert (await call(it, "it__use", bench)).text == "after all that"


async def test_a_flood_is_waded_through(bench: FakeBench) -> None:
    async with connected(hostile("flood")) as it:
        assert (await call(it, "it__use", bench)).text == "after the flood"


async def test_an_endless_line_ends_the_server_and_not_us(bench: FakeBench) -> None:
    async with connected(hostile("endless")) as it:
        with pytest.raises(ToolError, match="a line of more than 16 MiB"):
            await call(it, "it__use", bench)


async def test_a_long_answer_is_cut_for_the_model(bench: FakeBench) -> None:
    async with connected(hostile("long")) as it:
        text = (await call(it, "it__use", bench)).text
        assert "bytes left out" in text
        assert len(text) < 140_000


async def test_an_answer_that_is_none_is_told(bench: FakeBench) -> None:
    async with connected(hostile("nonsense")) as it:
        with pytest.raises(ToolError, match="an answer that is none"):
            await call(it, "it__use", bench)


async def test_too_many_and_too_large_tools_are_bounded(bench: FakeBench) -> None:
    async with connected(hostile("many")) as it:
        names = [tool.spec.name for tool in tools_of(it)]
        assert names.pop() == "it__left_out"
        assert len(set(names)) == len(names) == 128
        assert max(map(len, names)) == 64
    async with connected(hostile("huge")) as it:
        tool, left_out = tools_of(it)
        assert len(tool.spec.description) == MAX_DESCRIPTION_CHARS
        assert "vast (its schema has more than 64 KiB)" in left_out.spec.description


async def test_of_two_tools_with_one_name_the_first_is_there_and_the_other_is_told_to_the_model(
    bench: FakeBench,
) -> None:
    async with connected(hostile("twins")) as it:
        tool, left_out = tools_of(it)
        assert (tool.spec.name, tool.spec.description) == ("it__use", "Use it.")
        assert "use (there is another of this name)" in left_out.spec.description


async def test_an_image_that_would_have_the_whole_conversation_refused_is_named_and_left_out(bench: FakeBench) -> None:
    async with connected(hostile("wide")) as it:
        shown = await call(it, "it__use", bench)
        assert shown.display is None
        assert "it is 9000 x 1 pixels large" in shown.text


async def test_bad_tools_take_no_good_one_with_them_and_the_model_and_the_log_are_told(
    bench: FakeBench, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connected(hostile("crooked")) as it:
        assert it.problem == ""
        specs = {tool.spec.name: tool.spec for tool in tools_of(it)}
        assert set(specs) == {"it__use", "it__plain", "it__left_out"}
        assert (await call(it, "it__use", bench)).text == "used"
        told = specs["it__left_out"].description
        for name in ("bare (it has no schema)", "(without a name)", 'list (its schema is not of the type "object")'):
            assert name in told
        assert "s3cret" not in told
        assert told.split("called: ")[1].split(". Call")[0] in (await call(it, "it__left_out", bench)).text
    log = capsys.readouterr().out
    assert log.count("mcp_tool_left_out") == len(it.left_out) == 4
    assert "s3cret" not in log


async def test_a_server_of_bad_tools_only_is_there_and_says_so(bench: FakeBench) -> None:
    async with connected(hostile("useless")) as it:
        assert [tool.spec.name for tool in tools_of(it)] == ["it__left_out"]


async def test_a_server_that_holds_on_by_what_it_started_has_ended_all_the_same(bench: FakeBench) -> None:
    async with connected(hostile("clinging")) as it:
        assert (await call(it, "it__use", bench)).text == "used"
        while not it.problem:
            await it.wait_changed()
        assert it.problem.startswith("it ended")
        assert running("clinging") == []


async def test_a_secret_in_an_answer_is_taken_out_before_it_is_cut(bench: FakeBench) -> None:
    server = hostile("secret", SOME_KEY="s3cret-of-the-server")
    async with open_mcp({"it": server}, os.environ, Redactor(["s3cret-of-the-server"])) as tools:
        (tool,) = tools()
        assert "s3cret" not in (await tool.run(b"{}", bench)).text


async def test_the_last_words_of_a_server_are_told_without_its_secrets(bench: FakeBench) -> None:
    async with connected(hostile("chatty", SOME_KEY="s3cret-of-the-server")) as it:
        assert "its last words: no access with" in it.problem
        assert "s3cret" not in it.problem


async def test_a_call_without_an_answer_ends_the_server_which_the_next_call_starts_again(bench: FakeBench) -> None:
    async with connected(hostile("none"), call_s=0.01) as it:
        for _ in range(2):
            with pytest.raises(ToolError, match=r"did not answer within 0\.01 s"):
                await call(it, "it__use", bench)
            while not it.problem:
                await it.wait_changed()


async def test_a_server_that_does_not_say_what_it_can_do_is_given_up(bench: FakeBench) -> None:
    async with connected(hostile("mute"), start_s=0.01) as it:
        assert it.problem == "it did not say within 0.01 s what it can do"
    assert running("mute") == []


async def test_a_call_can_be_cancelled_while_the_server_does_not_even_read(bench: FakeBench) -> None:
    async with connected(hostile("deaf")) as it:
        await call(it, "it__use", bench)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, it, "it__use", bench, b'{"text": "%b"}' % (b"x" * 2**20))
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.cancel_scope.cancel()


async def test_a_server_that_fails_again_and_again_is_left_alone_for_a_while(bench: FakeBench) -> None:
    async with connected(hostile("stillborn")) as it:
        told = ""
        while "It can be tried again in" not in told:
            with pytest.raises(ToolError) as caught:
                await call(it, "it__connect", bench)
            told = str(caught.value)
        assert "there is no such database" in told


async def test_calls_at_the_same_time_each_get_their_own_answer(bench: FakeBench) -> None:
    async with connected(honest()) as it:

        async def add(a: int) -> None:
            assert (await call(it, "it__add", bench, b'{"a": %d, "b": 1}' % a)).text == str(a + 1)

        async with trio.open_nursery() as nursery:
            for a in range(20):
                nursery.start_soon(add, a)


async def test_a_mute_server_neither_holds_up_the_session_nor_the_other_servers(bench: FakeBench) -> None:
    async with open_mcp({"mute": hostile("mute"), "it": hostile("fine")}, os.environ) as tools:
        found = await wait_tools(tools, "it__use")
        assert {tool.spec.name for tool in tools()} == {"mute__connect", "it__use"}
        assert (await found.run(b"", bench)).text == "used"
    assert running("mute") == []


async def wait_tools(tools: Callable[[], Sequence[Tool]], name: str) -> Tool:
    while True:
        for tool in tools():
            if tool.spec.name == name:
                return tool
        await trio.testing.wait_all_tasks_blocked(0.01)
