/**
 * The wire's nouns as types; no code. Names and units are the server's (Message, State and the events of the stream).
 *
 * @typedef {{ name: string, input: string, tool_call_id: string }} ToolCall
 *   `input` is JSON text as the model wrote it, which may be invalid JSON.
 * @typedef {{ hash: string, subject: string, body: string, pushed_branch?: string }} Commit
 * @typedef {{
 *   input_tokens: number, output_tokens: number, cost_usd: number,
 *   cache_creation_input_tokens: number, cache_read_input_tokens: number,
 * }} Usage
 * @typedef {"user" | "agent" | "error" | "budget" | "tool" | "commit" | "auto" | "compact"} MessageType
 * @typedef {{
 *   type: MessageType, idx: number, content: string, end_of_turn: boolean, timestamp: string, conversation_id: string,
 *   parent_conversation_id?: string, tool_name?: string, input?: string, tool_result?: string, tool_error?: boolean,
 *   tool_call_id?: string, tool_calls?: ToolCall[], commits?: Commit[], usage?: Usage, start_time?: string,
 *   end_time?: string, elapsed?: number, turnDuration?: number, display?: Record<string, unknown>, thinking?: string,
 *   model?: string,
 * }} Message
 *   `elapsed` and `turnDuration` are nanoseconds; `timestamp` is RFC 3339.
 * @typedef {{
 *   input_tokens: number, output_tokens: number, cache_read_input_tokens: number,
 *   cache_creation_input_tokens: number, total_cost_usd: number, messages: number, tool_uses: Record<string, number>,
 * }} CumulativeUsage
 * @typedef {{ id: string, task: string, status: "queued" | "in-progress" | "completed" }} TodoItem
 * @typedef {{
 *   message_count: number, agent_state: string, session_id: string, title: string, branch_name: string, model: string,
 *   working_dir: string, inside_working_dir: string, outside_working_dir: string, hostname: string, git_origin: string,
 *   initial_commit: string, sandbox: string, context_window: number, context_used: number, diff_lines_added: number,
 *   diff_lines_removed: number, todo: TodoItem[], outstanding_tool_calls: string[], outstanding_llm_calls: number,
 *   total_usage: CumulativeUsage, budget: { dollars: number, responses: number, seconds: number },
 *   session_ended: boolean, streams: number,
 * }} State
 * @typedef {{
 *   session_id: string, title: string, created: string, updated: string | null, archived: boolean, ended: boolean,
 *   agent_state: string, asks: boolean, message_count: number | null, log: string, total_cost_usd: number | null, model: string, url: string,
 *   damaged: string, forked_from: { session_id: string, index: number, title: string } | null,
 * }} SessionSummary
 *   `url` is relative to the page's base; `damaged` says why the log cannot be shown, empty if it can.
 * @typedef {{
 *   session_id: string, url: string, title: string, archived: boolean, idx: number, type: MessageType, timestamp: string,
 *   snippet: { text: string, hit: boolean }[],
 * }} FoundMessage
 * @typedef {{ sessions: SessionSummary[], messages: FoundMessage[], more: boolean, complete: boolean }} Found
 *   `complete` is false where the server has not looked at all messages yet.
 * @typedef {{ blob: string, name: string, media_type: string, size: number }} Attached  a file that comes with a message
 * @typedef {{ idx: number, when: "next_step" | "after_turn" | "next_message" }} Waiting
 *   A message of the user's that nobody has read yet, and when it will be.
 * @typedef {{ event: string, data: string, id: string }} StreamEvent
 *   One event of the stream; `id` is the stream's last event id at that moment.
 */

export {};
