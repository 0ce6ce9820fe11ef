"""The `bash` tool: run a command in the workspace."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import trio
from msgspec import Meta

from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tasks import bounded
from trio_agent.tools.approval import wants_approval
from trio_agent.tools.background import Background
from trio_agent.tools.hidden_names import HiddenNames
from trio_agent.tools.limits import Limits, limited
from trio_agent.tools.output import Output
from trio_agent.tools.process import TERM_GRACE_S, Finished, run_group
from trio_agent.tools.sandbox import Sandbox
from trio_agent.tools.tool_input import decode_input, describe_tool

FOREGROUND_S = 60.0
SLOW_S = 900.0
MAX_TIMEOUT_S = 3600

DESCRIPTION = f"""Run a command with bash in the workspace, the current directory of every call. Returns stdout and stderr \
together; of very long output, the beginning and the end. There is no terminal and no input: use flags that ask nothing.

A command is ended after {FOREGROUND_S:.0f} s; set slow_ok for builds and test suites ({SLOW_S:.0f} s), or timeout_s. When a \
command ends, everything it started ends with it. To keep something running (a server), set background: that returns at once, \
with the name of a job for bash_output and bash_kill, and the files its output goes to."""


class BashInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    command: Annotated[str, Meta(min_length=1, description="The command line, run by `bash -c`.")]
    timeout_s: Annotated[float, Meta(gt=0, le=MAX_TIMEOUT_S, description="Seconds until it is ended.")] | None = None
    slow_ok: Annotated[bool, Meta(description=f"Allow {SLOW_S:.0f} s, for builds and test suites.")] = False
    background: Annotated[bool, Meta(description="Start it and return at once; it may run on.")] = False


class Bash:
    """Runs commands in `sandbox`, which does not show them `hidden`, with `environment` and nothing else of ours.

    What is to run on belongs to `background`; without one, nothing may. `redactor` knows what their output must not show.
    With `asks`, the user is asked before what leaves the workspace, pushes, names something `hidden`, or wants a `network`
    that there is not.
    """

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        environment: Mapping[str, str],
        background: Background | None = None,
        hidden: Sequence[Path] = (),
        redactor: Redactor = BY_SHAPE,
        limits: Limits | None = None,
        asks: bool = False,
        network: bool = True,
        term_grace_s: float = TERM_GRACE_S,
    ) -> None:
        self._sandbox = sandbox
        self._environment = environment
        self._hidden = hidden
        self._redactor = redactor
        self._limits = limits or Limits()
        self._asks = asks
        self._network = network
        self._term_grace_s = term_grace_s
        self._background = background

    @property
    def spec(self) -> ToolSpec:
        return describe_tool("bash", DESCRIPTION, BashInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, BashInput)
        if self._asks:
            await self._require_leave(asked.command, bench)
        argv = await trio.to_thread.run_sync(self._command_line, asked.command, bench.workspace)
        try:
            if asked.background:
                return await self._start(asked.command, argv, bench)
            return await self._run(asked, argv, bench)
        except (OSError, ValueError) as exc:
            # No such workspace any more, a command too long for the kernel, a NUL in it.
            raise ToolError(f"bash could not be started: {exc}") from exc

    async def _require_leave(self, command: str, bench: Toolbench) -> None:
        """Ask the user about a command that leaves the workspace, or the like. Raises ToolError where they do not say yes."""
        hidden = await trio.to_thread.run_sync(self._hidden_names, bench.workspace)
        why = wants_approval(command, str(bench.workspace), network=self._network, hidden=hidden)
        if not why:
            return
        answer = await bench.ask(f"May this command run? It {why}.\n\n{command}", ("yes", "no"))
        if answer.strip().lower() != "yes":
            raise ToolError(f"The command was not run. The user was asked, for it {why}, and answered: {answer}")

    def _hidden_names(self, workspace: Path) -> HiddenNames:
        # By either name: the command may use the one, and the folder it works in the other.
        names = dict.fromkeys(name for path in self._hidden for name in (str(path), os.path.realpath(path)))
        return HiddenNames([*names], str(workspace), self._environment.get("HOME", ""))

    def _command_line(self, command: str, workspace: Path) -> list[str]:
        return self._sandbox.wrap(limited(["bash", "-c", command], self._limits), workspace, self._hidden)

    async def _start(self, command: str, argv: Sequence[str], bench: Toolbench) -> ToolResult:
        if self._background is None:
            raise ToolError("nothing can run in the background here")
        started = await self._background.start(command, argv, bench.workspace, self._environment)
        display = {"kind": "command", "command": command, "exit_status": None, "background": True, "job": started.job}
        return ToolResult(text=msgspec.json.encode(started).decode(), display=display)

    async def _run(self, asked: BashInput, argv: Sequence[str], bench: Toolbench) -> ToolResult:
        timeout_s = asked.timeout_s or (SLOW_S if asked.slow_ok else FOREGROUND_S)
        output = Output(self._redactor, bench.emit)
        finished: Finished | None = None
        with trio.move_on_after(timeout_s) as limit, bounded(limit):
            finished = await run_group(
                argv,
                cwd=bench.workspace,
                environment=self._environment,
                on_output=output.take,
                term_grace_s=self._term_grace_s,
            )
        output.end()
        remarks = _remarks(finished, timeout_s)
        exit_status = finished.exit_status if finished else None
        display: dict[str, Any] = {"kind": "command", "command": asked.command, "exit_status": exit_status}
        if output.is_cut:
            display["output_blob"] = await bench.keep(output.whole)
        return ToolResult(
            text="\n".join(part for part in (output.text, *remarks) if part), error=exit_status != 0, display=display
        )


def _remarks(finished: Finished | None, timeout_s: float) -> list[str]:
    """What the model should know beside the output."""
    if finished is None:
        return [
            f"[ended: not finished after {timeout_s:g} s. Set a longer timeout_s or slow_ok, or run it in the background]"
        ]
    remarks = []
    if finished.exit_status < 0:
        remarks.append(f"[ended by signal {_signal_name(-finished.exit_status)}]")
    elif finished.exit_status > 0:
        remarks.append(f"[exit status {finished.exit_status}]")
    if finished.left_behind:
        remarks.append(
            f"[{finished.left_behind} processes were still running when the command ended, and were ended with it. "
            "Use background to keep one running]"
        )
    return remarks


def _signal_name(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:  # real-time signals have numbers only
        return str(number)
