"""The State of a session, put together from what its parts know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trio_agent.core.cursor import Cursor
from trio_agent.core.machine import AgentState
from trio_agent.core.state import Facts, State
from trio_agent.core.usage import CumulativeUsage
from trio_agent.runtime.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What of a session is another from one moment to the next, beside its log and its facts."""

    agent_state: AgentState
    usage: CumulativeUsage
    llm_calls: int
    tools: Iterable[str]
    streams: int
    ended: bool


def state_of(
    session_id: str, cursor: Cursor, title: str, facts: Facts, place: Place, now: Moment, beat: float
) -> State:
    """The State for a reader who was sent the messages before `cursor`; `beat` is seconds between heartbeats."""
    working_dir = facts.working_dir or place.started_in
    return State(
        message_count=cursor.index,
        cursor=str(cursor),
        log=cursor.log,
        session_id=session_id,
        agent_state=now.agent_state.value,
        total_usage=now.usage,
        outstanding_llm_calls=now.llm_calls,
        outstanding_tool_calls=tuple(now.tools),
        streams=now.streams,
        session_ended=now.ended,
        heartbeat=beat,
        title=title or facts.title,
        slug=facts.slug,
        branch_name=facts.branch_name,
        initial_commit=facts.initial_commit,
        git_origin=facts.git_origin,
        model=facts.model,
        sandbox=facts.sandbox,
        context_window=facts.context_window,
        context_used=facts.context_used,
        diff_lines_added=facts.diff_lines_added,
        diff_lines_removed=facts.diff_lines_removed,
        todo=facts.todo,
        first_message_index=facts.first_message_index,
        budget=facts.budget,
        hostname=place.hostname,
        working_dir=working_dir,
        os=place.os,
        in_container=place.in_container,
        outside_hostname=place.hostname,
        inside_hostname=place.hostname,
        outside_os=place.os,
        inside_os=place.os,
        outside_working_dir=place.started_in,
        inside_working_dir=working_dir,
    )
