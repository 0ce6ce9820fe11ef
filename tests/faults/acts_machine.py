"""What servers, browsers and machines do. Each act begins on a connected page and ends when all is well again."""

from __future__ import annotations

import subprocess
import sys
import time

from playwright.sync_api import Request

from tests.faults.acts_network import WHILE_AWAY
from tests.faults.stage import Stage

TRIES_UNTIL_PATIENT = 4
"""After so many, in 5 to 20 s, a page waits 2 to 15 s for its next: longer than it may be wrong."""


def server_killed(stage: Stage) -> None:
    """The server is killed, and started again."""
    stage.server.kill()
    with stage.server_is_back_after():
        stage.lasts(stage.draw("away_s", 0, 2))
    stage.say(WHILE_AWAY)


def server_stopped(stage: Stage) -> None:
    """The server says goodbye, and names a time to wait."""
    stage.asked_to_wait_s = 3
    status = stage.server.stop()
    with stage.server_is_back_after():
        assert status == 0, f"the server ended with {status}: {stage.server.log}"
        stage.lasts(stage.draw("away_s", 0, 2))
    stage.say(WHILE_AWAY)


def restored(stage: Stage) -> None:
    """A backup is restored: the log has another identity, and the page must drop what it shows."""
    stage.asked_to_wait_s = 3
    copy = stage.house.folder / f"backup-{stage.number}.db"
    _command(stage, "backup", str(copy))
    stage.say("echo in no backup")
    # Its HTML is there as well, which the browser keeps: after it, the same index is another message.
    stage.page.locator('[data-type="agent"] > .markdown').get_by_text("in no backup").last.wait_for()
    stage.server.stop()
    with stage.server_is_back_after():
        _command(stage, "restore", str(copy), "--replace")
    # What the page had said may have come after the backup, and is gone as it should be.
    stage.said_here.clear()
    stage.say(WHILE_AWAY)
    stage.counts["logs exchanged"] += 1


def offline(stage: Stage) -> None:
    """The browser says that there is no network, and lets no request out; what is open it leaves open."""
    began = time.time()
    stage.chromium.context.set_offline(True)
    stage.say(WHILE_AWAY)
    stage.lasts(stage.draw("offline_s", 0.3, 5))
    stage.chromium.context.set_offline(False)
    stage.offline.append((began, time.time()))


def offline_and_cut(stage: Stage) -> None:
    """There is no network, and the browser says so; it is back when the page's own next try is far off."""
    began = time.time()
    stage.chromium.context.set_offline(True)
    stage.proxy.end("reset", all_links=True)
    stage.say(WHILE_AWAY)
    _wait_for_tries(stage, TRIES_UNTIL_PATIENT)
    stage.chromium.context.set_offline(False)
    stage.offline.append((began, time.time()))


def hidden(stage: Stage) -> None:
    """Another tab is in front, and the connection dies meanwhile, in one way or another."""
    _behind_another_tab(stage, frozen=False)


def frozen(stage: Stage) -> None:
    """As hidden, and the browser lets nothing of the page run."""
    _behind_another_tab(stage, frozen=True)


def sleep(stage: Stage) -> None:
    """The lid is closed; the network forgets the connection, or ends it, or does not even notice."""
    began = time.time()
    stage.chromium.sleep()
    _something_happens(stage)
    stage.say(WHILE_AWAY)
    # The page cannot run, so neither may what waits for it.
    stage.proxy.pause(stage.draw("asleep_s", 1, 14))
    stage.chromium.wake()
    stage.slept(began)


def reload(stage: Stage) -> None:
    """The page is loaded anew."""
    stage.page.reload()
    stage.say(WHILE_AWAY)


def back_forward(stage: Stage) -> None:
    """To another page and back, while the connection lives on or dies."""
    stage.page.goto(f"http://127.0.0.1:{stage.proxy.port}/healthz")
    _something_happens(stage)
    stage.say(WHILE_AWAY)
    stage.lasts(stage.draw("away_s", 0.1, 4))
    # Not go_back(): it waits for a load, and a page from the cache does not load.
    stage.page.evaluate("setTimeout(() => history.back())")
    stage.page.wait_for_url(stage.address, wait_until="commit")


def tabs_cut(stage: Stage) -> None:
    """Three tabs share one stream, and it breaks."""
    stage.others += [stage.open_tab(), stage.open_tab()]
    stage.counts["streams that tabs shared"] += _streams_open(stage) == 1
    _something_happens(stage)
    stage.say(WHILE_AWAY)
    stage.lasts(stage.draw("broken_s", 0, 3))


def leading_tab_closed(stage: Stage) -> None:
    """The tab that has the stream for three is closed or frozen while text is written."""
    stage.others.append(stage.open_tab())
    # A tab that is looked at takes the lead from one that is hidden.
    with stage.visited_again():
        leading = stage.open_tab()
    stage.counts["streams that tabs shared"] += _streams_open(stage) == 1
    stage.say("stream 100 10")
    with stage.visited_again():
        if stage.choose("leading tab", "closed", "frozen") == "closed":
            leading.close()
        else:
            life = stage.chromium.context.new_cdp_session(leading)
            life.send("Page.setWebLifecycleState", {"state": "frozen"})
    stage.say(WHILE_AWAY)


def _wait_for_tries(stage: Stage, number: int) -> None:
    """Until so many requests for the stream have come to nothing in a browser that is offline."""
    failed: list[Request] = []

    def enough(request: Request) -> bool:
        if "/stream?" in request.url and request.failure == "net::ERR_INTERNET_DISCONNECTED":
            failed.append(request)
        return len(failed) >= number

    stage.page.wait_for_event("requestfailed", enough)


def _streams_open(stage: Stage) -> int:
    return sum(visit.ended_at is None for visit in stage.proxy.visits)


def _behind_another_tab(stage: Stage, *, frozen: bool) -> None:
    other = stage.chromium.context.new_page()
    other.bring_to_front()
    stage.page.wait_for_function("() => document.hidden", polling=100)
    life = stage.chromium.context.new_cdp_session(stage.page)
    if frozen:
        life.send("Page.setWebLifecycleState", {"state": "frozen"})
    _something_happens(stage)
    stage.say(WHILE_AWAY)
    other.wait_for_timeout(1000 * stage.draw("hidden_s", 0.5, 8))
    if frozen:
        life.send("Page.setWebLifecycleState", {"state": "active"})
    stage.page.bring_to_front()
    other.close()
    stage.counts["times hidden"] += 1


def _something_happens(stage: Stage) -> None:
    what = stage.choose("meanwhile", "nothing", "swallow", "reset", "finish")
    if what == "swallow":
        stage.proxy.swallow(all_links=False)
    elif what == "reset":
        stage.proxy.end("reset", all_links=True)
    elif what == "finish":
        stage.proxy.end("finish")


def _command(stage: Stage, *words: str) -> None:
    command = [sys.executable, "-m", "trio_agent", *words, "--data-dir", str(stage.server.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
