/**
 * A world whose clock and network tests hold: nothing here waits.
 *
 * @import { World } from "../../static/js/stream.js"
 */

const encoder = new TextEncoder();

/** Lets promises that are ready to go on do so; no time passes. */
export async function settled() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

/** A request that is out: the test answers it, feeds its body, ends it or tears it. */
export class Exchange {
  /** @param {string} url @param {RequestInit} init */
  constructor(url, init) {
    this.url = url;
    this.init = init;
    /** @type {Promise<Response>} */
    this.response = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    init.signal?.addEventListener("abort", () => this.reject(new DOMException("aborted", "AbortError")));
  }

  /** @type {(response: Response) => void} */
  resolve = () => undefined;
  /** @type {(error: unknown) => void} */
  reject = () => undefined;
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #body = null;

  get aborted() {
    return this.init.signal?.aborted ?? false;
  }

  /** @param {number} status @param {Record<string, string>} headers */
  async answer(status = 200, headers = {}) {
    const body = new ReadableStream({ start: (controller) => void (this.#body = controller) });
    this.resolve(new Response(body, { status, headers }));
    await settled();
  }

  /** @param {string} event @param {unknown} data @param {string} id */
  async event(event, data, id = "") {
    await this.bytes(`event: ${event}\n${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** @param {string} text */
  async bytes(text) {
    this.#body?.enqueue(encoder.encode(text));
    await settled();
  }

  async end() {
    this.#body?.close();
    await settled();
  }

  async tear() {
    this.#body?.error(new TypeError("network error"));
    await settled();
  }

  async fail() {
    this.reject(new TypeError("failed to fetch"));
    await settled();
  }
}

export class FakeWorld {
  /** @type {Exchange[]} */
  exchanges = [];
  /** What `random` gives next. */
  luck = 0;
  #now = 1000;
  /** @type {{ at: number, run: () => void }[]} */
  #timers = [];

  /** @returns {World} */
  get world() {
    return {
      fetch: (url, init) => {
        const exchange = new Exchange(url, init);
        this.exchanges.push(exchange);
        return exchange.response;
      },
      now: () => this.#now,
      setTimer: (run, ms) => {
        const timer = { at: this.#now + ms, run };
        this.#timers.push(timer);
        return timer;
      },
      clearTimer: (timer) => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
      random: () => this.luck,
    };
  }

  /** The request that was sent last. @returns {Exchange} */
  get last() {
    const exchange = this.exchanges.at(-1);
    if (!exchange) throw new Error("no request was sent");
    return exchange;
  }

  get timers() {
    return this.#timers.length;
  }

  /** Time passes, and what is due happens in its order. @param {number} ms */
  async pass(ms) {
    const until = this.#now + ms;
    while (true) {
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers = this.#timers.filter((timer) => timer !== due);
      due.run();
      await settled();
    }
    this.#now = until;
  }

  /** Time passes while no timer runs, as in a hidden tab or a sleeping machine. @param {number} ms */
  sleep(ms) {
    this.#now += ms;
  }
}
