"""Writes the parts of the docs that the code knows better: tables between `<!-- made: NAME -->` and `<!-- end -->`.

python docs/generate.py            rewrite them
python docs/generate.py --check    fail where they are not up to date
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec

from trio_agent.agent.images import MAX_IMAGES_BYTES
from trio_agent.agent.repository_words import FILE, MAX_BYTES
from trio_agent.agent.subagent import SPEC as SUBAGENT
from trio_agent.agent.told_tools import MAX_TOOLS
from trio_agent.agent.toolbox import MAX_AT_ONCE
from trio_agent.config import DESCRIPTIONS, FILE_ONLY, HEARTBEAT_S, PREFIX, Settings
from trio_agent.core.commands import COMMANDS
from trio_agent.core.compaction import FULL
from trio_agent.core.image_size import MAX_IMAGE_SIDE
from trio_agent.core.machine import TRANSITIONS
from trio_agent.core.media_types import MAX_IMAGE_BYTES
from trio_agent.core.price import Price
from trio_agent.models.anthropic import PINGED_IDLE_S
from trio_agent.models.catalogue import PROVIDERS, ModelFacts, catalogue_of
from trio_agent.models.demo import DemoModel
from trio_agent.models.demo_prompt import MAX_WORDS
from trio_agent.models.endpoint import IDLE_S
from trio_agent.models.streamed import MAX_RETRY_AFTER_S, MAX_TRIES, MAX_WAIT_S
from trio_agent.seams import Tool, ToolSpec
from trio_agent.token import MIN_TOKEN_CHARS
from trio_agent.tools import (
    ask_user,
    background,
    background_job,
    bash,
    burst,
    excerpt,
    limits,
    matches,
    mcp_connection,
    mcp_listing,
    mcp_tool,
    output,
    patch,
    process,
    read_file,
    search,
    todo_write,
    web_answer,
    web_fetch,
)
from trio_agent.tools.ask_user import AskUser
from trio_agent.tools.bash import Bash
from trio_agent.tools.bash_kill import SPEC as BASH_KILL
from trio_agent.tools.bash_output import SPEC as BASH_OUTPUT
from trio_agent.tools.burst import Burst
from trio_agent.tools.credentials import KEEPERS
from trio_agent.tools.patch import Patch
from trio_agent.tools.read_file import ReadFile
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.tools.search import Search
from trio_agent.tools.todo_write import TodoWrite
from trio_agent.tools.web_fetch import WebFetch
from trio_agent.web.routes import REPLAY_ROUTES, ROUTES

DOCS = Path(__file__).resolve().parent
_BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FROM_ELSEWHERE = {"data_dir": "`$XDG_DATA_HOME/trio-agent`", "token": "kept in the data directory"}


def options() -> str:
    """Every setting: its flag, its environment variable, its default."""
    defaults = Settings()
    rows = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        if field.name in FILE_ONLY:
            rows.append(f"| only in the file: `{field.name}` | | | {DESCRIPTIONS[field.name]} |")
            continue
        value = getattr(defaults, field.name)
        shown = f"`{json.dumps(value)}`" if isinstance(value, int | float) and not isinstance(value, bool) else value
        shown = _FROM_ELSEWHERE.get(field.name, f"`{shown}`" if isinstance(shown, str) and shown else shown)
        shown = "" if shown in (None, (), False, "") else str(shown).replace("``", "`")
        flag = "--open/--no-open" if field.name == "open" else "--" + field.name.replace("_", "-")
        rows.append(f"| `{flag}` | `{PREFIX}{field.name.upper()}` | {shown} | {DESCRIPTIONS[field.name]} |")
    return "\n".join(rows)


def settings() -> str:
    """Every setting, what it is by default, and what it may be."""
    rows = ["| setting | default | may be |", "|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        default = getattr(Settings(), field.name)
        match default:
            case bool():
                shown = "on" if default else "off"
            case None | "" | () | {}:
                shown = ""
            case _:
                shown = f"`{default}`"
        rows.append(
            f"| `{field.name}` | {_FROM_ELSEWHERE.get(field.name, shown)} | {_may_be(field.name, field.type)} |"
        )
    return "\n".join(rows)


def _may_be(name: str, kind: Any) -> str:
    if name in BOUNDS:
        low, high = BOUNDS[name]
        return f"{low} to {high}" if high is not None else f"{low} or more"
    if name in _WORDS:
        return _WORDS[name]
    if kind in (bool, bool | None):
        return "on or off"
    return " or ".join(f"`{each}`" for each in get_args(kind) if isinstance(each, str)) or _of_literal(kind)


def _of_literal(kind: Any) -> str:
    """The values of a Literal that may be None."""
    return " or ".join(f"`{each}`" for inner in get_args(kind) for each in get_args(inner))


BOUNDS: dict[str, tuple[int, int | None]] = {
    "port": (0, 65535),
    "heartbeat": HEARTBEAT_S,
    **dict.fromkeys(
        [f"{whose}_{what}" for whose in ("budget", "session") for what in ("dollars", "responses", "seconds")],
        (0, None),
    ),
    "context_window": (0, None),
}
"""Of settings that are numbers. 0 is no limit of a budget, no known window, and any free port."""

_WORDS = {
    "host": "an address or a name; with `no_auth` a loopback one",
    "model": "a name of the table of models",
    "base_url": "`http://HOST:PORT` or `https://…`",
    "price": "two or four numbers, not negative",
    "store": "`sqlite:PATH` or `memory:`",
    "data_dir": "a directory",
    "token": f"{MIN_TOKEN_CHARS} or more visible ASCII characters",
    "no_auth": "on or off; not with `ask`",
    "sandbox_net": "`on` or `off`, which needs bubblewrap",
    "hide": "absolute paths, or such as begin with `~/`",
    "allow_host": "names, each with a port or without",
    "allow_origin": "origins",
    "mcp": "servers, each with a name of 24 characters at most",
}


def routes() -> str:
    """Every route; `✓` where it also stands under `/sessions/ID`."""
    rows = ["| route | of a session | what |", "|---|---|---|"]
    for route in ROUTES:
        path = re.sub(r"<(?:path:)?(\w+)>", lambda match: match[1].upper(), route.path)
        rows.append(f"| `{route.method} {path}` | {'✓' if route.of_session else ''} | {route.summary} |")
    return "\n".join(rows)


def replay_routes() -> str:
    """What the server of a replay has beside these."""
    rows = [f"| `{route.method} {route.path}` | {route.summary} |" for route in REPLAY_ROUTES]
    return "\n".join(["| route | what |", "|---|---|", *rows])


def states() -> str:
    """The agent's states as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> Ready"]
    for state, following in TRANSITIONS.items():
        lines += [f"    {state.value} --> {each.value}" for each in sorted(following, key=lambda each: each.value)]
    return "\n".join([*lines, "```"])


def commands() -> str:
    """What a user can tell the agent itself."""
    return "\n".join(
        ["| command | what |", "|---|---|", *(f"| `/{name}` | {what} |" for name, what in COMMANDS.items())]
    )


def tools() -> str:
    """Every tool, what a model may give it, and where it ends."""
    rows = ["| tool | input (required in bold) | limits |", "|---|---|---|"]
    for spec in specs():
        required = set(spec.input_schema.get("required", ()))
        names = [f"**{name}**" if name in required else name for name in spec.input_schema["properties"]]
        ends = [*LIMITS[spec.name], *_limits_of_inputs(spec)]
        rows.append(f"| `{spec.name}` | {', '.join(names)} | {'; '.join(ends)} |")
    rows.append(f"| `NAME__TOOL` of an MCP server | its own | {'; '.join(LIMITS['NAME__TOOL'])} |")
    return "\n".join([*rows, f"| all of them | | {MAX_AT_ONCE} calls of one answer run at once |"])


def specs() -> list[ToolSpec]:
    """Of every tool that comes with the program."""
    listed: Sequence[Tool] = (
        Bash(sandbox=find_sandbox("none"), environment={}),
        Patch(),
        ReadFile(),
        Search(rg=None, environment={}),
        TodoWrite(),
        AskUser(),
        WebFetch(),
        Burst(),
    )
    return [*(tool.spec for tool in listed), BASH_OUTPUT, BASH_KILL, SUBAGENT]


def _bytes(count: int) -> str:
    """As people say it: 64 KiB, 3.5 MB."""
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024), ("MB", 10**6)):
        if count >= size and count % (size // 10 if unit == "MB" else size) == 0:
            return f"{count / size:g} {unit}"
    return f"{count:,} bytes"


def _time(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


LIMITS: dict[str, list[str]] = {
    "bash": [
        f"ended after {_time(bash.FOREGROUND_S)}, with `slow_ok` {_time(bash.SLOW_S)}",
        f"output: its first {_bytes(excerpt.HEAD_BYTES)} and last {_bytes(excerpt.TAIL_BYTES)} to the model, "
        f"{_bytes(output.KEPT_BYTES)} to the page",
        f"{background.MAX_RUNNING} run in the background at once",
        f"files of {_bytes(limits.FILE_BYTES)}",
        f"{limits.PROCESSES:,} processes",
    ],
    "patch": [f"files of {_bytes(patch.MAX_FILE_BYTES)}", f"a diff of {patch.MAX_DIFF_CHARS:,} characters is shown"],
    "read_file": [
        f"{_bytes(read_file.MAX_TEXT_BYTES)} of text at once",
        f"{read_file.MAX_LINE_BYTES:,} bytes of a line",
        f"{read_file.MAX_ENTRIES:,} names of a directory",
        f"images of {_bytes(MAX_IMAGE_BYTES)} and {MAX_IMAGE_SIDE:,} pixels a side",
    ],
    "search": [
        f"ended after {_time(search.SEARCH_S)}",
        f"files of {_bytes(search.MAX_FILE_BYTES)}",
        f"{matches.MAX_LINE_CHARS} characters of a line",
    ],
    "todo_write": [f"{todo_write.MAX_TASK_CHARS:,} characters of a task"],
    "ask_user": [
        "one question at a time, for as long as the user takes",
        f"options of up to {ask_user.MAX_OPTION_CHARS} characters",
    ],
    "web_fetch": [
        f"ended after {_time(web_fetch.FETCH_S)}",
        f"{_bytes(web_answer.MAX_BODY_BYTES)} of a page",
        f"{web_fetch.MAX_REDIRECTS} redirects",
        f"{web_fetch.MAX_TEXT_CHARS:,} characters of text",
    ],
    "burst": [f"{burst.IN_FLIGHT} being recorded at once"],
    "bash_output": [
        f"of what is new, its first and last {_bytes(background_job.EXCERPT_BYTES)}",
        f"{background.MAX_REMEMBERED} commands that ended are remembered",
    ],
    "bash_kill": [f"TERM, after {_time(process.TERM_GRACE_S)} KILL"],
    "subagent": ["the turn's budget", "no sub-agents of its own"],
    "NAME__TOOL": [
        f"{mcp_listing.MAX_TOOLS} tools of a server",
        f"a name of {mcp_tool.MAX_NAME_CHARS} characters",
        f"ended after {_time(mcp_connection.CALL_S)}",
        f"text: its first {_bytes(excerpt.HEAD_BYTES)} and last {_bytes(excerpt.TAIL_BYTES)}",
        f"{mcp_tool.MAX_IMAGES} images of {_bytes(MAX_IMAGE_BYTES)}, {_bytes(mcp_tool.MAX_IMAGES_BYTES)} in all",
    ],
}
"""Where each tool ends, beside what its input may be. All numbers are the code's."""


def _limits_of_inputs(spec: ToolSpec) -> list[str]:
    told = []
    for name, schema in spec.input_schema["properties"].items():
        facts = [schema, *schema.get("anyOf", ())]
        for key, unit in (("maximum", ""), ("maxLength", " characters"), ("maxItems", "")):
            told += [f"`{name}` up to {each[key]:,}{unit}" for each in facts if key in each]
    return told


def credentials() -> str:
    """What no command in the sandbox and no tool sees of the home directory. Folders end with a slash."""
    rows = [f"| {keeper.what} | {', '.join(f'`{name}`' for name in keeper.names)} |" for keeper in KEEPERS]
    return "\n".join(["| of | hidden, below `~` |", "|---|---|", *rows])


def prices() -> str:
    """What is known of the providers' models, a table each with its date and sources."""
    blocks = []
    for provider in PROVIDERS:
        catalogue = catalogue_of(provider)
        sources = ", ".join(f"<{source}>" for source in catalogue.sources)
        rows = [
            "| model | window | answer | input | output | cache write | cache read |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, facts in catalogue.models.items():
            figures = [_figure(facts.price, kind) for kind in ("input", "output", "cache_write", "cache_read")]
            rows.append(f"| `{name}` | {facts.context_window:,} | {facts.max_output:,} | {' | '.join(figures)} |")
        blocks.append("\n".join([f"As of {catalogue.as_of}, from {sources}:", "", *rows]))
    return "\n\n".join(blocks)


def _figure(price: Price | None, kind: str) -> str:
    if price is None:
        return ""
    long = f" ({getattr(price.long, kind):g} > {price.long_from // 1000:,}k)" if price.long else ""
    return f"{getattr(price, kind):g}{long}"


def models() -> str:
    """Every model, how much fits into it, and how long an answer may be."""
    rows = [
        "| model | context window (tokens) | longest answer (tokens) | cost, and other limits |",
        "|---|---|---|---|",
    ]
    for provider in PROVIDERS:
        for name, facts in catalogue_of(provider).models.items():
            cost = "known" if facts.price else "unknown without `--price`"
            rows.append(f"| `{provider}/{name}` | {facts.context_window:,} | {facts.max_output:,} | {cost} |")
    unlisted = f"{ModelFacts().max_output:,} at Anthropic, elsewhere the server's own"
    rows += [
        f"| any other name | unknown without `--context-window` | {unlisted} | unknown without `--price` |",
        "| `scripted:FILE` | unknown without `--context-window` | as it stands in the file | as it stands in the file |",
        f"| `demo` | {DemoModel().context_window:,} | {MAX_WORDS:,} words | none |",
        f"| all of them | summed up from {FULL:.0%} on | {MAX_TRIES} tries, at most {_time(MAX_WAIT_S)} apart beside a "
        f"`Retry-After` of up to {_time(MAX_RETRY_AFTER_S)}; {_time(IDLE_S)} without a byte "
        f"({_time(PINGED_IDLE_S)} at Anthropic) | images of {_bytes(MAX_IMAGE_BYTES)} and {MAX_IMAGE_SIDE:,} pixels a side, "
        f"{_bytes(MAX_IMAGES_BYTES)} a question; {MAX_TOOLS} tools; {_bytes(MAX_BYTES)} of an {FILE} |",
    ]
    return "\n".join(rows)


MAKERS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "models": models,
    "credentials": credentials,
    "options": options,
    "prices": prices,
    "routes": routes,
    "settings": settings,
    "replay_routes": replay_routes,
    "states": states,
    "tools": tools,
}


def renewed(text: str) -> str:
    """`text` with every made block made anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{MAKERS[match[2]]()}\n{match[3]}", text)


def stale() -> list[Path]:
    """The files that are not up to date."""
    return [path for path in sorted(DOCS.rglob("*.md")) if renewed(path.read_text("utf-8")) != path.read_text("utf-8")]


if __name__ == "__main__":
    old = stale()
    if "--check" in sys.argv:
        sys.exit(f"not up to date, run python docs/generate.py: {', '.join(map(str, old))}" if old else 0)
    for each in old:
        each.write_text(renewed(each.read_text("utf-8")), "utf-8")
