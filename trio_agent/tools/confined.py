"""Programs that are run for a session though no model called them: in the sandbox, and within the limits, of its commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import trio

from trio_agent.seams import Ran
from trio_agent.tools.excerpt import Excerpt
from trio_agent.tools.limits import Limits, limited
from trio_agent.tools.process import TERM_GRACE_S, run_group
from trio_agent.tools.sandbox import Sandbox

OUTPUT_BYTES = 4 * 1024
"""Of the beginning, and of the end."""


class Confined:
    """Runs programs in `sandbox`, which does not show them `hidden`, with `environment` and nothing else of ours."""

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        environment: Mapping[str, str],
        hidden: Sequence[Path] = (),
        term_grace_s: float = TERM_GRACE_S,
    ) -> None:
        self._sandbox = sandbox
        self._environment = environment
        self._hidden = hidden
        self._term_grace_s = term_grace_s

    @property
    def search_path(self) -> str:
        """Where programs are looked for."""
        return self._environment.get("PATH", "")

    @property
    def is_sandboxed(self) -> bool:
        return self._sandbox.name != "none"

    async def run(self, argv: Sequence[str], workspace: Path) -> Ran:
        """See `RunProgram`."""
        excerpt = Excerpt(OUTPUT_BYTES, OUTPUT_BYTES)
        try:
            line = await trio.to_thread.run_sync(self._command_line, argv, workspace)
            finished = await run_group(
                line,
                cwd=workspace,
                environment=self._environment,
                on_output=excerpt.add,
                term_grace_s=self._term_grace_s,
            )
        except (OSError, ValueError) as exc:
            return Ran(exit_status=127, output=f"{argv[0]} could not be started: {exc}")
        return Ran(exit_status=finished.exit_status, output=excerpt.text())

    def _command_line(self, argv: Sequence[str], workspace: Path) -> list[str]:
        return self._sandbox.wrap(limited(argv, Limits()), workspace, self._hidden)
