"""The command line. Only what is asked for is imported: `trio-agent --version` should not wait for a web server to load.

Exit status: 0 after SIGINT or SIGTERM, 2 wrong usage, 3 the port is taken, 4 the store cannot be opened, 1 anything else. An
error is one line on stderr that says what to do.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import NoReturn

import click

from trio_agent import __version__
from trio_agent.core.errors import ConfigError, StoreError, TrioAgentError

EXIT_FAILED, EXIT_USAGE, EXIT_PORT_TAKEN, EXIT_STORE = 1, 2, 3, 4

_COMMANDS = ("serve", "attach", "sessions", "export", "replay", "backup", "restore", "doctor")


class PortTaken(TrioAgentError):
    """Another program listens there."""


class _Commands(click.Group):
    """Commands by name, imported when asked for; what names none is for `serve`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        if cmd_name in ("serve", "replay"):
            _leave_when_told()
        module = importlib.import_module(f"trio_agent.commands.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in _COMMANDS and args[0] not in ("--help", "--version")):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["--help"]})
@click.version_option(__version__, message="trio-agent %(version)s")
def trio_agent() -> None:
    """A coding agent and its live server. `trio-agent [REPO]` is short for `trio-agent serve [REPO]`."""


def _leave_when_told() -> None:
    """Until the server hears signals itself there is nothing to put in order: a stop while it loads is no failure."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        status = trio_agent.main(prog_name="trio-agent", standalone_mode=False)
    except click.ClickException as exc:
        _fail(exc.format_message(), EXIT_USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(0)
    except ConfigError as exc:
        _fail(str(exc), EXIT_USAGE)
    except PortTaken as exc:
        _fail(str(exc), EXIT_PORT_TAKEN)
    except StoreError as exc:
        _fail(str(exc), EXIT_STORE)
    except (TrioAgentError, OSError) as exc:
        _fail(str(exc), EXIT_FAILED)
    sys.exit(status if isinstance(status, int) else 0)


def _fail(reason: str, status: int) -> NoReturn:
    click.echo(f"trio-agent: {' '.join(reason.split())}", err=True)
    sys.exit(status)
