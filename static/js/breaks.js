/**
 * What kept a turn from its end where nothing failed. The log has it as a message of the type `error`, as the wire has always
 * had it; its words tell which it is.
 *
 * @import { Message } from "./wire.js"
 *
 * @typedef {"user" | "fork" | "restart"} Break
 */

/** How the server begins to tell of each. @type {readonly [string, Break][]} */
const BEGINNINGS = [
  ["Cancelled: ", "user"],
  ["This session was forked in the middle of a turn.", "fork"],
  ["trio-agent was restarted while this was running.", "restart"],
];
/** The reason where none was given. */
const NO_REASON = "user requested cancellation";

/** @param {Pick<Message, "type" | "content">} message @returns {Break | ""} empty where it is none */
export function breakOf({ type, content }) {
  return (type === "error" && BEGINNINGS.find(([words]) => content.startsWith(words))?.[1]) || "";
}

/** What a message tells beyond what kind of break it is. @param {Pick<Message, "type" | "content">} message */
export function toldOf(message) {
  if (breakOf(message) !== "user") return message.content;
  const reason = message.content.slice("Cancelled: ".length);
  return reason === NO_REASON ? "" : reason;
}
