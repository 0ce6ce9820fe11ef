/**
 * Which message is shown inside which other one: a tool's message in the call that it answers, and what a sub-agent says in
 * the call that began it. Pure; messages may come in any order, for a long log is read from its end.
 *
 * A call is named by its id and the index of the message that makes it, for logs from elsewhere use an id again. A message
 * belongs to the last call of its id before it.
 *
 * A sub-agent's conversation names no call. It begins with its task, which is the call's own; and once it is over, the
 * call's result names the conversation. Where neither is known, its messages stand where they stand in the log.
 *
 * @import { Message } from "./wire.js"
 */

import { parseInput } from "./format.js";

/** The tool that makes sub-agents, and so all conversations that have a parent. */
export const SUBAGENT = "subagent";

export class Links {
  /** @type {Map<string, number[]>} Indexes of the messages that make a call, by tool_call_id. */
  #makers = new Map();
  /** @type {Map<string, number[]>} Indexes of the messages that answer it. */
  #answers = new Map();
  /** @type {Map<string, number[]>} What sub-agents said, by conversation_id. */
  #said = new Map();
  /** @type {Map<string, string>} The tool_call_id of the call that began a conversation, by conversation_id. */
  #begun = new Map();
  /** @type {Map<string, string[]>} The other way round. */
  #conversations = new Map();
  /** @type {Map<string, { id: string, maker: number }[]>} Calls for sub-agents, by their task. */
  #tasks = new Map();
  /** @type {Map<string, string[]>} Conversations that began before their call was known, by their task. */
  #orphans = new Map();
  #seen = new Set();

  /** @param {Message} message @returns {boolean} whether messages that came before may now be shown elsewhere */
  add(message) {
    const { idx, type, tool_call_id: answered, conversation_id: conversation } = message;
    if (this.#seen.has(idx)) return false;
    this.#seen.add(idx);
    let moved = false;
    for (const { name, input, tool_call_id: id } of message.tool_calls ?? []) {
      insert(this.#makers, id, idx);
      if (name === SUBAGENT) this.#expect(id, idx, String(parseInput(input).task ?? ""));
      moved ||= this.answerTo(id, idx) >= 0 || this.conversationOf(id, idx) !== "";
    }
    if (type === "tool" && answered) {
      insert(this.#answers, answered, idx);
      // Only the first answer to a call is its answer; until now that was another one.
      const next = this.#answers.get(answered)?.find((each) => each > idx);
      moved ||= next !== undefined && this.#makerBefore(answered, next) === this.#makerBefore(answered, idx);
      const { kind, conversation_id: told } = message.display ?? {};
      if (kind === SUBAGENT && typeof told === "string" && this.#begun.get(told) !== answered) {
        this.#join(told, answered);
        moved ||= this.#said.has(told);
      }
    }
    if (message.parent_conversation_id) {
      const maker = this.#makerOf(conversation);
      insert(this.#said, conversation, idx);
      moved ||= maker >= 0 && maker !== this.#makerOf(conversation);
      if (type === "user" && !this.#begun.has(conversation)) moved = this.#begin(message) || moved;
    }
    return moved;
  }

  /** Index of the message that answers the call; -1 where it is not known. @param {string} id @param {number} maker */
  answerTo(id, maker) {
    const answer = this.#answers.get(id)?.find((each) => each > maker) ?? -1;
    return answer >= 0 && this.#makerBefore(id, answer) === maker ? answer : -1;
  }

  /** Whether the call `id` has been answered after message `idx`. @param {string} id @param {number} idx */
  isAnswered(id, idx) {
    return this.#answers.get(id)?.some((each) => each > idx) ?? false;
  }

  /** The conversation that the call began; empty if none is known. @param {string} id @param {number} maker */
  conversationOf(id, maker) {
    return this.#conversations.get(id)?.find((each) => this.#makerOf(each) === maker) ?? "";
  }

  /** Indexes of what was said in a sub-agent's conversation. @param {string} conversation */
  saidIn(conversation) {
    return this.#said.get(conversation) ?? [];
  }

  /** Indexes of what is shown under the call, besides its answer, in order. @param {string} id @param {number} maker */
  saidUnder(id, maker) {
    // Which of two calls for the same task began a conversation is a guess at first, so for a while a call may have both.
    const conversations = (this.#conversations.get(id) ?? []).filter((each) => this.#makerOf(each) === maker);
    return conversations.flatMap((each) => this.saidIn(each)).sort((one, other) => one - other);
  }

  /**
   * The call in which the message is shown: its id, and the message that makes it; null for one that stands by itself.
   * @param {Message} message
   */
  homeOf({ idx, type, tool_call_id: answered, parent_conversation_id: parent, conversation_id: conversation }) {
    if (type === "tool" && answered) {
      const maker = this.#makerBefore(answered, idx);
      if (maker >= 0 && this.answerTo(answered, maker) === idx) return { id: answered, maker };
    }
    const id = parent ? this.#begun.get(conversation) : undefined;
    const maker = this.#makerOf(conversation);
    return id === undefined || maker < 0 ? null : { id, maker };
  }

  /**
   * The index of the row in which the message is shown, at whatever depth.
   * @param {Message} message
   * @param {(idx: number) => Message | undefined} get the message, if it is here
   */
  rowOf(message, get) {
    let row = message.idx;
    /** @type {Message | undefined} */
    let at = message;
    // A maker is always earlier, so this ends.
    while (at) {
      const home = this.homeOf(at);
      if (!home) break;
      row = home.maker;
      at = get(row);
    }
    return row;
  }

  /** @param {string} id @param {number} idx */
  #makerBefore(id, idx) {
    return this.#makers.get(id)?.findLast((each) => each < idx) ?? -1;
  }

  /** @param {string} conversation */
  #makerOf(conversation) {
    const [first] = this.saidIn(conversation);
    const id = this.#begun.get(conversation);
    return first === undefined || id === undefined ? -1 : this.#makerBefore(id, first);
  }

  /** @param {string} id @param {number} maker @param {string} task */
  #expect(id, maker, task) {
    const orphan = this.#orphans.get(task)?.find((each) => !this.#begun.has(each));
    if (orphan) this.#join(orphan, id);
    else this.#tasks.set(task, [...(this.#tasks.get(task) ?? []), { id, maker }]);
  }

  /** A sub-agent's task came; `idx` is after its call. @param {Message} message */
  #begin({ content, conversation_id: conversation }) {
    const call = this.#tasks.get(content)?.find(({ id, maker }) => this.conversationOf(id, maker) === "");
    if (call) this.#join(conversation, call.id);
    else this.#orphans.set(content, [...(this.#orphans.get(content) ?? []), conversation]);
    return call !== undefined && this.saidIn(conversation).length > 1;
  }

  /** @param {string} conversation @param {string} id */
  #join(conversation, id) {
    const before = this.#begun.get(conversation);
    if (before) this.#conversations.set(before, (this.#conversations.get(before) ?? []).filter((each) => each !== conversation));
    this.#begun.set(conversation, id);
    this.#conversations.set(id, [...(this.#conversations.get(id) ?? []), conversation]);
  }
}

/** Puts `idx` into a list that stays in order; most come at its end. @param {Map<string, number[]>} lists @param {string} key @param {number} idx */
function insert(lists, key, idx) {
  const list = lists.get(key);
  if (!list) return void lists.set(key, [idx]);
  list.push(idx);
  if ((list.at(-2) ?? -1) > idx) list.sort((one, other) => one - other);
}
