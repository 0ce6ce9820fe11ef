/** localStorage that may be forbidden or full: then nothing is kept, and the page works all the same. */

/** @param {string} key @returns {string | null} */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string | null} value null or empty forgets it */
export function keep(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // Private windows and full disks refuse; nobody is waiting for this.
  }
}

/** What was kept as JSON; null for what is not there or cannot be read. @param {string} key @returns {any} */
export function recallJson(key) {
  try {
    return JSON.parse(recall(key) ?? "null");
  } catch {
    keep(key, null);
    return null;
  }
}

/** The keys that begin so. @param {string} prefix */
export function keysFrom(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
