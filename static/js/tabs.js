/**
 * What the tabs of one browser have in common: locks, of which the browser frees those of a tab that is gone, and channels,
 * which bring each tab what the others post, in order.
 *
 * @typedef {{ post: (note: any) => void, close: () => void }} Channel
 * @typedef {{
 *   open: (name: string, hear: (note: any) => void) => Channel,
 *   hold: (name: string, options: LockOptions, signal: AbortSignal, onStolen: () => void) => Promise<boolean>,
 *   newId: () => string,
 *   setTimer: (run: () => void, ms: number) => unknown,
 *   clearTimer: (timer: any) => void,
 * }} Tabs
 *   `hold` answers whether the lock is ours, and then keeps it until `signal`; without `ifAvailable` and `steal` it waits in
 *   the lock's queue. `onStolen`: somebody took it. A tab hears its own posts on no channel.
 */

/**
 * The browser's own, or null where it has none: both are there on https and on localhost only.
 * @param {Pick<Tabs, "newId" | "setTimer" | "clearTimer">} world
 * @returns {Tabs | null}
 */
export function browserTabs(world) {
  const { locks } = /** @type {{ locks?: LockManager }} */ (navigator);
  if (!locks || typeof BroadcastChannel === "undefined") return null;
  return { ...world, open: openChannel, hold: (...args) => holdLock(locks, ...args) };
}

/** @param {string} name @param {(note: any) => void} hear @returns {Channel} */
function openChannel(name, hear) {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => hear(data);
  let closed = false;
  return {
    post: (note) => {
      if (!closed) channel.postMessage(note);
    },
    close: () => {
      closed = true;
      channel.onmessage = null;
      channel.close();
    },
  };
}

/**
 * @param {LockManager} locks
 * @param {string} name
 * @param {LockOptions} options
 * @param {AbortSignal} signal
 * @param {() => void} onStolen
 * @returns {Promise<boolean>}
 */
function holdLock(locks, name, options, signal, onStolen) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    let granted = false;
    // A signal is refused beside the other two options, which do not wait.
    const all = options.steal || options.ifAvailable ? options : { ...options, signal };
    locks
      .request(name, all, (lock) => {
        if (!lock || signal.aborted) return resolve(false);
        granted = true;
        resolve(true);
        return new Promise((free) => signal.addEventListener("abort", free, { once: true }));
      })
      .catch(() => {
        // The lock was stolen, or the wait given up; or locks are refused (to a frame without an origin).
        resolve(false);
        if (granted && !signal.aborted) onStolen();
      });
  });
}
