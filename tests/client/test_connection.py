"""The connection's table, and how long it waits."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.client.connection import (
    BACKOFF_CAP_S,
    LONGEST_WAIT_S,
    SETTLED_S,
    TABLE,
    Connection,
    ConnectionState,
    Input,
    backoff_s,
)


def opened(at: float = 0.0, attempt: int = 0, retry_s: float = 0.0) -> Connection:
    connecting = Connection(state="connecting", attempt=attempt, retry_s=retry_s)
    return connecting.take("ready", now=at)


@pytest.mark.parametrize(
    ("state", "input", "expected"),
    [
        ("idle", "start", "connecting"),
        ("connecting", "ready", "open"),
        ("connecting", "silent", "waiting"),
        ("connecting", "refused", "refused"),
        ("open", "lost", "waiting"),
        ("open", "resync", "waiting"),
        ("open", "silent", "stale"),
        ("open", "ended", "ended"),
        ("stale", "ready", "open"),
        ("stale", "silent", "waiting"),
        ("waiting", "due", "connecting"),
    ],
)
def test_each_input_leads_where_the_table_says(state: ConnectionState, input: Input, expected: ConnectionState) -> None:
    assert Connection(state=state).take(input, now=1.0).state == expected


@pytest.mark.parametrize("state", ["ended", "refused"])
@pytest.mark.parametrize("input", get_args(Input))
def test_what_has_ended_stays_so(state: ConnectionState, input: Input) -> None:
    connection = Connection(state=state, reason="said")
    assert connection.take(input, now=1.0, reason="late") == connection


def test_every_state_is_reached() -> None:
    reached = {state for row in TABLE.values() for state in row.values()}
    assert reached | {"idle"} == set(get_args(ConnectionState)) == set(TABLE)


def test_waits_double_up_to_a_cap() -> None:
    assert [backoff_s(attempt, 1.0) for attempt in range(7)] == [0.5, 1, 2, 4, 8, BACKOFF_CAP_S, BACKOFF_CAP_S]


@given(attempt=st.integers(0, 10_000), random=st.floats(0, 1, exclude_max=True), floor_s=st.floats(0, 1e6))
def test_a_wait_is_never_shorter_than_asked_nor_endless(attempt: int, random: float, floor_s: float) -> None:
    wait = backoff_s(attempt, random, floor_s)
    assert min(floor_s, LONGEST_WAIT_S) <= wait <= LONGEST_WAIT_S
    assert wait > 0.1


def test_clients_that_were_told_the_same_time_do_not_come_back_together() -> None:
    waits = {backoff_s(0, random / 10, floor_s=10) for random in range(10)}
    assert len(waits) == 10


def test_a_connection_that_dies_young_counts_as_a_failed_try() -> None:
    lost = opened(at=0, attempt=3).take("lost", now=SETTLED_S - 0.1, random=1.0)
    assert (lost.attempt, lost.due_at) == (4, SETTLED_S - 0.1 + 4)


def test_a_connection_that_settled_is_forgiven_all_before() -> None:
    lost = opened(at=0, attempt=3).take("lost", now=SETTLED_S, random=1.0)
    assert (lost.attempt, lost.due_at) == (1, SETTLED_S + 0.5)


def test_silence_on_an_open_connection_is_no_reason_to_wait() -> None:
    stale = opened(at=0).take("silent", now=100, reason="silence")
    assert (stale.state, stale.due_at, stale.reason) == ("stale", 0, "silence")


def test_the_streams_retry_counts_from_the_second_try_on() -> None:
    first = opened(retry_s=2.5).take("lost", now=0)
    assert first.due_at < 0.5
    second = first.take("due", now=1).take("lost", now=1)
    assert second.due_at == 1 + 2.5


def test_a_goodbye_with_a_time_counts_at_once() -> None:
    assert opened().take("lost", now=0, floor_s=20.0).due_at == 20.0


def test_the_status_is_what_a_user_is_told() -> None:
    first = Connection().take("start", now=0)
    lost = first.take("lost", now=0, reason="why")
    assert (first.status, lost.status, lost.take("due", now=1).status) == ("connecting", "reconnecting", "connecting")
    again = opened().take("lost", now=0, reason="why").take("due", now=1)
    assert (again.status, again.reason) == ("reconnecting", "why")
    assert (again.take("ready", now=2).status, again.take("ready", now=2).reason) == ("connected", "")
