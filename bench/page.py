"""What the dashboard costs, in a real Chromium against a real server: opening, painting, streaming, scrolling, memory.

    python bench/page.py [MESSAGES]      a log of so many messages, 50000 where none is said

Every figure stands beside what it should be. They are of this machine, whose cores the server, the browser and this program
share: compare runs of one machine, on which nothing else runs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import FLAGS, find_chromium  # noqa: E402
from tests.pages.test_parts import ALL_LOADED  # noqa: E402

PREFIX = "trio-agent listening on "
RUNS = 5
DESK: ViewportSize = {"width": 1280, "height": 800}
STREAM_WORDS, STREAM_PAUSE_MS = 2000, 5  # 200 words a second, for ten seconds
HOUR_DELTAS = 3600 * 200

LATE_MS = 25  # half a frame late

WATCH = """
window.shift = 0;
window.told = { shown: 0, longest: 0 };
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.told.longest = Math.max(window.told.longest, entry.duration);
}).observe({ type: "longtask", buffered: true });
"""
SHOWN = """last => {
    const card = [...document.querySelectorAll(`[data-idx="${last}"]`)].at(-1);
    const box = card?.getBoundingClientRect();
    return box && box.height > 0 && box.top < innerHeight && box.bottom > 0 ? performance.now() : false;
}"""
SCRIPTS = r"""() => {
    const first = new Set(
        [...document.querySelectorAll('link[rel="modulepreload"], script[src]')].map(each => each.href || each.src));
    return performance.getEntriesByType("resource")
        .map(({ name, decodedBodySize: size }) => [/\/(static\/)(?:@[^/]+\/)?(js\/.*\.js)/.exec(name), size, first.has(name)])
        .filter(([name]) => name)
        .map(([[, folder, name], size, isFirst]) => [folder + name, size, isFirst]);
}"""
FRAMES = """({ seconds, step }) => new Promise(done => {
    const box = document.querySelector("session-timeline");
    const frames = [];
    const end = performance.now() + 1000 * seconds;
    let last = performance.now();
    requestAnimationFrame(function frame(now) {
        frames.push(now - last);
        last = now;
        if (step) box.scrollTop -= step;
        if (now < end) requestAnimationFrame(frame);
        else done(frames.slice(1));
    });
})"""
# An hour of a stream, as fast as the page takes it: answers that are written in 200 pieces, each with a tool's call.
HOUR = """deltas => {
    const real = window.fetch;
    window.fetch = (url, init) => {
        if (!String(url).includes("/stream")) return real(url, init);
        const text = new TextEncoder();
        let sent = 0, idx = 0, written = 0;
        const state = () => `event: state\\ndata: ${JSON.stringify(window.sample(idx))}\\n\\n`;
        const frame = (event, data, id = "") => `event: ${event}\\n${id && `id: ${id}\\n`}data: ${JSON.stringify(data)}\\n\\n`;
        const message = rest => {
            const at = idx++;
            const base = { idx: at, end_of_turn: false, content: "", conversation_id: "s", timestamp: "2026-01-01T00:00:00Z" };
            return frame("message", { ...base, ...rest }, `aaaaaaaaaaaaaaaa.${idx}.x`);
        };
        const body = new ReadableStream({
            async pull(controller) {
                await new Promise(requestAnimationFrame);
                let chunk = "";
                if (sent === 0) {
                    const ready = { log: "aaaaaaaaaaaaaaaa", from: 0, count: 0, heartbeat: 60 };
                    chunk += frame("ready", ready, "aaaaaaaaaaaaaaaa.0.x");
                }
                for (let piece = 0; piece < 2000 && sent < deltas; piece++) {
                    const words = `word ${sent} `;
                    chunk += frame("delta", { idx, part: "content", offset: written, text: words });
                    written += words.length;
                    sent++;
                    if (sent % 200 === 0) {
                        const id = `call${sent}`;
                        const calls = [{ name: "bash", input: '{"command":"ls"}', tool_call_id: id }];
                        chunk += message({ type: "agent", content: "word ".repeat(200), tool_calls: calls });
                        chunk += message({ type: "tool", tool_name: "bash", tool_call_id: id, tool_result: "x".repeat(500) });
                        written = 0;
                    }
                }
                window.hour = sent / deltas;
                controller.enqueue(text.encode(chunk + state()));
                if (sent >= deltas) await new Promise(() => undefined);
            },
        });
        return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
    };
}"""


class Bench:
    """A server on an empty repository, started when it is asked for, and a browser."""

    def __init__(self, folder: Path, browser: Browser) -> None:
        self._data = folder
        self.browser = browser

    @contextmanager
    def server(self) -> Iterator[str]:
        """A cold one: its address with the token."""
        command = [sys.executable, "-m", "trio_agent", "serve", str(self._data / "work"), "--port", "0", "--no-open"]
        command += ["--model", "demo", "--data-dir", str(self._data / "data")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().removeprefix(PREFIX).strip()
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def page(self, script: str = "") -> Iterator[Page]:
        """A page of a browser that has seen nothing of ours yet."""
        context = self.browser.new_context(viewport=DESK)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH + script)
        yield page
        context.close()


@contextmanager
def client(link: str) -> Iterator[httpx2.Client]:
    url, _, token = link.partition("#token=")
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=300) as opened:
        yield opened


def say(link: str, text: str, messages: int) -> int:
    """Posts `text`, and waits until the agent is done with it; how many messages the log has then."""
    with client(link) as http:
        idx = http.post("chat", json={"message": text}).json()["idx"]
        while True:
            state = http.get("state", params={"poll": "true", "seen": idx + messages}).json()
            if state["agent_state"] == "WaitingForUserInput" and state["message_count"] > idx + messages:
                return int(state["message_count"])


def report(what: str, figure: str, goal: str) -> None:
    print(f"{what:52} {figure:>24}   {goal}", flush=True)


def milliseconds(samples: list[float]) -> str:
    return f"{statistics.median(samples):.0f} ms ({min(samples):.0f}–{max(samples):.0f})"


def sizes(page: Page) -> None:
    """What a page fetches that is opened and not used: first what it needs to show the log, and then, when idle, the rest."""
    page.evaluate(ALL_LOADED)
    files = page.evaluate(SCRIPTS)
    for what, wanted in (("first", True), ("when the page is idle", False)):
        part = [(name, size) for name, size, is_first in files if is_first is wanted]
        bare = sum(len(without_comments((ROOT / name).read_text("utf-8")).encode()) for name, _ in part)
        report(
            f"our JavaScript that is loaded {what}", f"{sum(size for _, size in part) / 1000:.0f} KB in {len(part)}", ""
        )
        report("  without comments and indents", f"{bare / 1000:.0f} KB", "150 KB in all")


def without_comments(source: str) -> str:
    """Near enough for counting: no block comments, no lines that are one, no indents."""
    kept, inside = [], False
    for line in source.splitlines():
        text = line.strip()
        inside = inside or text.startswith("/*")
        if not inside and text and not text.startswith("//"):
            kept.append(text)
        inside = inside and not text.endswith("*/")
    return "\n".join(kept)


def first_paint(bench: Bench) -> None:
    samples, shifts = [], []
    for _ in range(RUNS):
        with bench.server() as link, bench.page() as page:
            page.goto(link)
            page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length > 0")
            page.locator('network-status[data-status="connected"]').wait_for()
            samples.append(
                float(page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            )
            shifts.append(float(page.evaluate("() => window.shift")))
            if len(samples) == RUNS:
                sizes(page)
    report("first paint, cold server and browser", milliseconds(samples), "300 ms")
    report("layout shift until connected", f"{max(shifts):.3f}", "0.1 is called good")


def opening(bench: Bench, link: str, count: int) -> None:
    samples, longest, worked = [], [], []
    for _ in range(RUNS):
        with bench.page() as page:
            page.goto(link)
            shown = page.wait_for_function(SHOWN, arg=count - 1, polling="raf")
            samples.append(float(shown.json_value()))
            longest.append(float(page.evaluate("() => window.told.longest")))
        with bench.page() as page, Work(bench, page) as work:
            page.goto(link)
            page.wait_for_function(SHOWN, arg=count - 1, polling="raf")
        worked.append(work.ms)
    report(f"the end of {count:,} messages on screen", milliseconds(samples), "1000 ms")
    report("  CPU time of the page's main thread", milliseconds(worked), "")
    report("  longest that it did not answer", milliseconds(longest), "")


class Work:
    """Inside the block the page's main thread is watched; then `ms` is the CPU time that it took.

    Other programs on the machine lengthen that less than they do what is measured by the clock.
    """

    def __init__(self, bench: Bench, page: Page) -> None:
        self._bench = bench
        self._page = page
        self.ms = 0.0

    def __enter__(self) -> Work:
        self._bench.browser.start_tracing(page=self._page, categories=["disabled-by-default-devtools.timeline"])
        return self

    def __exit__(self, *failure: object) -> None:
        events = json.loads(self._bench.browser.stop_tracing())["traceEvents"]
        names = [event for event in events if event["name"] == "thread_name"]
        mains = {(each["pid"], each["tid"]) for each in names if each["args"]["name"] == "CrRendererMain"}
        tasks = [event for event in events if event["name"] == "RunTask" and (event["pid"], event["tid"]) in mains]
        self.ms = sum(task.get("tdur", 0) for task in tasks) / 1000


def moving(bench: Bench, page: Page, what: str, seconds: int, step: int) -> None:
    """Frames a second, those that came late, and what the main thread worked for each."""
    with Work(bench, page) as work:
        frames = page.evaluate(FRAMES, {"seconds": seconds, "step": step})
    late = sum(frame > LATE_MS for frame in frames) / len(frames)
    report(f"frames while {what}", f"{1000 / statistics.mean(frames):.1f}/s, {late:.1%} late", "60/s")
    report("  CPU time of the page's main thread for each", f"{work.ms / len(frames):.1f} ms", "16.7 ms")


def scrolling(bench: Bench, page: Page) -> None:
    page.wait_for_timeout(1000)
    moving(bench, page, "scrolling up by 120 px each", 6, 120)
    report("cards in the document then", str(page.locator("[data-idx]").count()), "2500 and those in view")


def streaming(bench: Bench, page: Page, link: str) -> None:
    page.evaluate(
        "() => { window.shift = 0; const box = document.querySelector('session-timeline'); box.scrollTop = box.scrollHeight; }"
    )
    with client(link) as http:
        http.post("chat", json={"message": f"stream {STREAM_WORDS} {STREAM_PAUSE_MS}"})
    page.locator("[data-draft]").wait_for()
    moving(bench, page, "200 words a second arrive", 8, 0)
    report("layout shift meanwhile", f"{page.evaluate('() => window.shift'):.3f}", "0")


def memory(bench: Bench, link: str) -> None:
    with client(link) as http:
        state: dict[str, Any] = http.get("state").json()
    state |= {"agent_state": "ProcessingLLMResponse", "log": "a" * 16, "message_count": 0}
    import json

    sample = f"window.sample = count => ({{ ...{json.dumps(state)}, message_count: count }});"
    with bench.page(f"{sample} ({HOUR})({HOUR_DELTAS});") as page:
        page.goto(link)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        figures = []
        begun = time.perf_counter()
        for part in (0.1, 0.25, 0.5, 0.75, 1):
            page.wait_for_function("part => window.hour >= part", arg=part)
            session.send("HeapProfiler.collectGarbage")
            told = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            figures.append(f"{told['JSHeapUsedSize'] / 1e6:.0f} MB/{told['Nodes'] / 1000:.0f}k")
        took = time.perf_counter() - begun
    report("heap and nodes over an hour of 200 deltas a second", " ".join(figures), "flat at the end")
    report("  which the page took", f"{took:.0f} s", "")


def main(messages: int) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        data = Path(folder)
        (data / "work").mkdir()
        bench = Bench(data, browser)
        first_paint(bench)
        with bench.server() as link:
            count = say(link, f"burst {messages} 700", messages)
            opening(bench, link, count)
            with bench.page() as page:
                page.goto(link)
                page.wait_for_function(SHOWN, arg=count - 1, polling="raf")
                scrolling(bench, page)
                streaming(bench, page, link)
            memory(bench, link)
        browser.close()


if __name__ == "__main__":
    main(*([int(argument) for argument in sys.argv[1:]] or [50_000]))
