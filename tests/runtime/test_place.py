from __future__ import annotations

import os
import socket

from trio_agent.runtime.place import here


def test_this_machine_is_told_as_it_is() -> None:
    place = here()
    assert (place.hostname, place.started_in) == (socket.gethostname(), os.getcwd())
    assert place.os in ("linux", "darwin")
