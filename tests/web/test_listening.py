"""The sockets: every address of a host, on one port."""

from __future__ import annotations

import errno
import socket

import pytest

from trio_agent.web.server import listen


def test_every_address_of_a_host_has_the_same_port() -> None:
    sockets = listen("localhost", 0)
    assert len({each.getsockname()[1] for each in sockets}) == 1
    assert "127.0.0.1" in {each.getsockname()[0] for each in sockets}
    for each in sockets:
        each.close()


def test_a_port_that_is_taken_is_said_to_be_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use") as refused:
        listen("127.0.0.1", taken.getsockname()[1])
    assert refused.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(OSError, match=r".+"):
        listen(host, 0)


def test_an_address_that_this_machine_lacks_is_passed_over_where_another_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: found)
    (only,) = listen("two-addresses", 0)
    assert only.getsockname()[0] == "127.0.0.1"
    only.close()


def test_dead_peers_are_noticed_by_the_kernel() -> None:
    (listener,) = listen("127.0.0.1", 0)
    with listener:
        idle = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        probing = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        probing *= listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert idle + probing <= 25
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 25_000
