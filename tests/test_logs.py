"""The program's own log: what of an error it tells."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from tests.logging_state import restored_logging
from trio_agent.config import LogFormat
from trio_agent.logs import configure_logs


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_a_traceback_is_told_without_the_values_of_variables(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    with restored_logging():
        configure_logs(form)
        # Put together here, so that it stands in no line of the source that a traceback quotes.
        token = "-".join(["canary"] * 3)
        try:
            raise ZeroDivisionError(f"of {len(token)}")
        except ZeroDivisionError as exc:
            structlog.get_logger().error("ours", exc_info=exc)
            logging.getLogger("a.library").exception("theirs")
    error = capsys.readouterr().err
    assert error.count("ZeroDivisionError") >= 2
    assert "canary-canary" not in error
    if form == "json":
        assert [json.loads(line)["event"] for line in error.splitlines()] == ["ours", "theirs"]


def test_texts_from_outside_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with restored_logging():
        configure_logs("pretty")
        try:
            raise ValueError("from a provider: \x1b[2J\x9b31m")
        except ValueError as exc:
            structlog.get_logger().error("failed", path="/x\x1b[31m\r\n\x07", exc_info=exc)
            logging.getLogger("a.library").error("said \x1b]0;title\x07")
    error = capsys.readouterr().err
    assert [character for character in error if not character.isprintable() and character != "\n"] == []
    assert "\\x1b[2J" in error
