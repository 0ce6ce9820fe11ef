/**
 * Files kept in the browser's database, for what localStorage has no room for. It may be forbidden or full: then nothing is kept,
 * and the page works all the same.
 */

const NAME = "trio-agent";
const FILES = "files";

/** @param {string} id @param {Blob} file */
export const shelve = (id, file) => used("readwrite", (files) => files.put(file, id));

/** Null where there is none. @param {string} id @returns {Promise<Blob | null>} */
export const unshelved = async (id) => (await used("readonly", (files) => files.get(id))) ?? null;

/** @param {string} id */
export const unshelve = (id) => used("readwrite", (files) => files.delete(id));

/** Throws away what is nobody's. @param {(id: string) => boolean} isWanted */
export async function sweep(isWanted) {
  const all = (await used("readonly", (files) => files.getAllKeys())) ?? [];
  for (const id of all) if (!isWanted(String(id))) await unshelve(String(id));
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(files: IDBObjectStore) => IDBRequest<T>} use
 * @returns {Promise<T | null>}
 */
async function used(mode, use) {
  try {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(FILES);
    const database = await answerOf(opening);
    try {
      return await answerOf(use(database.transaction(FILES, mode).objectStore(FILES)));
    } finally {
      // It closes once its transactions are through.
      database.close();
    }
  } catch {
    // Private windows and full disks refuse; who asks for the file later is told that it was not kept.
    return null;
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answerOf = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
