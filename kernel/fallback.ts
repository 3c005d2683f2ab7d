import type { ErrorContent } from './frontend.js';

/** Answers that are right, if poor, without a session: editors ask these unprompted. */
const QUIET_ANSWERS: Readonly<Record<string, object>> = {
  complete_request: {
    status: 'ok',
    matches: [],
    cursor_start: 0,
    cursor_end: 0,
    metadata: {},
  },
  inspect_request: { status: 'ok', found: false, data: {}, metadata: {} },
  is_complete_request: { status: 'unknown' },
  history_request: { status: 'ok', history: [] },
  comm_info_request: { status: 'ok', comms: {} },
  interrupt_request: { status: 'ok' },
};

/** The content of the answer to a request that no session can serve. */
export function answerWithoutSession(msgType: string, error: ErrorContent): object {
  return QUIET_ANSWERS[msgType] ?? { status: 'error', ...error };
}
