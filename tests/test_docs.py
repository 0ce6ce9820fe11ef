"""The docs say what is true: made blocks are up to date, nothing is missing, and what they show runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from docs import generate
from trio_agent.agent.subagent import SPEC as SUBAGENT
from trio_agent.config import Settings
from trio_agent.core.message import Message
from trio_agent.core.redaction import BY_SHAPE
from trio_agent.core.state import State
from trio_agent.models.catalogue import PROVIDERS, catalogue_of
from trio_agent.models.choose import make_model
from trio_agent.stores.blobs import MemoryBlobs
from trio_agent.web.app import App
from trio_agent.web.routes import REPLAY_ROUTES, ROUTES
from trio_agent.wiring import coding_agent

HERE = Path(__file__).resolve().parent.parent
EVENTS = ("ready", "reset", "state", "message", "delta", "tool", "heartbeat", "bye")


def links(page: Path) -> Iterator[Path]:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        if "://" not in target:
            yield page.parent / target


def test_what_is_made_from_the_code_is_up_to_date() -> None:
    assert generate.stale() == []


def test_every_setting_route_and_event_stands_in_the_docs() -> None:
    options, api, stream = ((HERE / "docs" / f"{name}.md").read_text("utf-8") for name in ("options", "api", "stream"))
    assert [
        field.name for field in msgspec.structs.fields(Settings) if field.name.replace("_", "-") not in options
    ] == []
    assert [route.path for route in (*ROUTES, *REPLAY_ROUTES) if route.path.split("<")[0] not in api] == []
    assert [event for event in EVENTS if f"| `{event}` |" not in stream] == []


def test_the_page_of_the_agent_has_every_model_and_every_setting_with_its_limits() -> None:
    page = (HERE / "docs" / "agent.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    limits = {cells[0].strip("`"): cells[1:] for cells in rows}
    fields = [field.name for field in msgspec.structs.fields(Settings)]
    models = [f"{provider}/{name}" for provider in PROVIDERS for name in catalogue_of(provider).models]
    assert [name for name in fields if not limits[name][-1]] == []
    assert [name for name in models if not all(limits[name])] == []


@pytest.mark.parametrize("name", generate.BOUNDS)
def test_the_bounds_of_a_setting_that_the_docs_tell_are_those_that_hold(name: str) -> None:
    low, high = generate.BOUNDS[name]
    msgspec.convert({name: low}, Settings)
    with pytest.raises(msgspec.ValidationError, match=r"takes|number"):
        msgspec.convert({name: low - 1}, Settings)
    if high is not None:
        msgspec.convert({name: high}, Settings)
        with pytest.raises(msgspec.ValidationError, match="takes"):
            msgspec.convert({name: high + 1}, Settings)


async def test_every_tool_of_a_session_stands_in_the_docs_with_its_limits(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", web_fetch=True, sandbox="none", model="demo")
    agent = coding_agent(settings, tmp_path / "repository", {}, MemoryBlobs(), BY_SHAPE)
    async with agent._open_tools() as tools:
        names = {tool.spec.name for tool in tools(make_model("demo", {}, None))} | {SUBAGENT.name, "NAME__TOOL"}
    assert names == generate.LIMITS.keys()
    rows = [line.split("|") for line in generate.tools().splitlines()[2:]]
    assert {row[1].split("`")[1] for row in rows if "`" in row[1]} == names
    assert all(row[3].strip() for row in rows)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (64 * 1024, "64 KiB"),
        (8 * 1024**3, "8 GiB"),
        (3_500_000, "3.5 MB"),
        (2000, "2,000 bytes"),
        (1536, "1,536 bytes"),
    ],
)
def test_bytes_are_told_as_people_say_them(count: int, told: str) -> None:
    assert generate._bytes(count) == told


@pytest.mark.parametrize(("seconds", "told"), [(60.0, "1 min"), (90.0, "90 s"), (3600, "1 h"), (0.5, "0.5 s")])
def test_times_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert generate._time(seconds) == told


@pytest.mark.parametrize(
    "page", [HERE / "README.md", *sorted((HERE / "docs").rglob("*.md"))], ids=lambda page: page.name
)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not target.exists()] == []


@pytest.mark.parametrize(("page", "agents"), [("README.md", 1), ("docs/own-agent.md", 2)])
def test_the_agents_in_the_docs_are_served(
    page: str, agents: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIO_AGENT_DATA_DIR", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", (HERE / page).read_text("utf-8"), re.DOTALL)
    for code in blocks:
        names: dict[str, object] = {}
        exec(compile(code, page, "exec"), names)
        assert isinstance(names["app"], App)
    assert len(blocks) == agents


@pytest.mark.parametrize("example", sorted((HERE / "examples").glob("*.py")), ids=lambda example: example.stem)
def test_every_example_is_named(example: Path) -> None:
    assert f"../examples/{example.name}" in (HERE / "docs" / "own-agent.md").read_text("utf-8")


def test_every_field_of_message_and_state_is_described() -> None:
    """A field that slips onto the wire unnoticed is a promise that nobody meant to make."""
    described = {field.name for kind in (Message, State) for field in msgspec.structs.fields(kind)}
    named = set(re.findall(r"`(\w+)`", (HERE / "docs" / "wire.md").read_text("utf-8")))
    assert described - named == set()


def test_every_decision_has_a_number_of_its_own_and_carries_it() -> None:
    records = sorted((HERE / "docs" / "decisions").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))
    for number, record in zip(numbers, records, strict=True):
        assert record.read_text("utf-8").startswith(f"# {number}. "), record.name
