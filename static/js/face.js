/**
 * What of a connection is shown: finer than its status, and in words.
 *
 * @import { Connection } from "./stream.js"
 *
 * @typedef {"connecting" | "connected" | "shared" | "reconnecting" | "gone" | "offline" | "ended" | "missing"
 *   | "unauthorized"} Face
 */

import { t } from "./words.js";

/** From so many failed tries on nobody need expect the next one to be better. */
export const GONE_TRIES = 3;

/**
 * @param {Pick<Connection, "status" | "state" | "attempt" | "via">} connection
 * @returns {{ face: Face, words: string }}
 */
export function faceOf({ status, state, attempt, via }) {
  switch (status) {
    case "connected":
      return via === "tab" ? { face: "shared", words: t("Connected by another tab") } : { face: "connected", words: t("Connected") };
    case "reconnecting":
      // Nothing was lost yet, and yet nobody can say that it lives.
      if (state === "open") return { face: "reconnecting", words: t("No sign of life") };
      if (attempt >= GONE_TRIES) return { face: "gone", words: t("Server gone") };
      return { face: "reconnecting", words: t("Reconnecting") };
    case "connecting":
      if (attempt >= GONE_TRIES) return { face: "gone", words: t("Server gone") };
      return { face: "connecting", words: t("Connecting") };
    case "offline":
      return { face: "offline", words: t("Offline") };
    case "unauthorized":
      return { face: "unauthorized", words: t("Not authorised") };
    case "ended":
      return state === "missing" ? { face: "missing", words: t("No such session") } : { face: "ended", words: t("Session ended") };
  }
}
