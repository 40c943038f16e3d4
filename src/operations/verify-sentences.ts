/** Each breach in words, and the promise that it breaks. */
import type { BreachCode, FoundBreach } from '../store/history.js';
import { iso } from './run-view.js';

interface Wording {
  promise: 'DURABLE' | 'ONCE' | 'CAPS' | 'TICK' | 'EXPLAIN';
  sentence(evidence: FoundBreach['evidence']): string;
}

const instant = (value: string | number | null | undefined) => (typeof value === 'number' && Number.isFinite(value) ? iso(value) : 'now');

export const BREACHES: Readonly<Record<BreachCode, Wording>> = {
  RUN_ABANDONED: {
    promise: 'DURABLE',
    sentence: ({ host, lease }) =>
      `it is running for ${host === null ? 'no host' : `the host ${host}, which is not registered`}, its lease ended at ${instant(lease)}, and nobody has rescued it`,
  },
  CLAIM_GAP: {
    promise: 'EXPLAIN',
    sentence: ({ claims, recorded }) => `it was claimed ${claims} time(s), but only ${recorded} attempt(s) are recorded as ended`,
  },
  CLAIM_UNKNOWN: {
    promise: 'ONCE',
    sentence: ({ claim, claims }) => `an attempt of claim ${claim} is recorded, but the newest claim is ${claims}`,
  },
  CLAIM_ORDER: {
    promise: 'ONCE',
    sentence: ({ claim, earlier_claim }) => `claim ${claim} ended before claim ${earlier_claim}: two claims stood at once`,
  },
  EFFECT_TWICE: {
    promise: 'ONCE',
    sentence: ({ claim, completed_claim, outcome }) =>
      `claim ${completed_claim} completed it, then claim ${claim} executed it again (${outcome})`,
  },
  EFFECT_WITHOUT_COMPLETION: {
    promise: 'ONCE',
    sentence: ({ claim, status }) => `claim ${claim} completed it, but its status is ${status}`,
  },
  COMPLETION_WITHOUT_ATTEMPT: {
    promise: 'ONCE',
    sentence: ({ claim }) => `it is completed, but no completed attempt of claim ${claim} is recorded`,
  },
  RESULT_WITHOUT_COMPLETION: { promise: 'ONCE', sentence: ({ status }) => `it has a result, but its status is ${status}` },
  TRANSITION_FORBIDDEN: {
    promise: 'DURABLE',
    sentence: ({ outcome, status }) => `its last attempt ended as ${outcome}, after which it cannot be ${status}`,
  },
  RUNNING_AFTER_END: {
    promise: 'DURABLE',
    sentence: ({ claim, outcome }) => `it is running under claim ${claim}, which has ended as ${outcome}`,
  },
  ATTEMPT_NUMBER: {
    promise: 'EXPLAIN',
    sentence: ({ attempt, earlier_attempt, earlier_outcome }) =>
      `attempt ${earlier_attempt} (${earlier_outcome}) was followed by attempt ${attempt}`,
  },
  TOO_MANY_ATTEMPTS: {
    promise: 'DURABLE',
    sentence: ({ attempt, max_attempts }) => `attempt ${attempt} was executed, ${max_attempts} are allowed`,
  },
  ATTEMPT_ORPHAN: { promise: 'EXPLAIN', sentence: () => 'an attempt is recorded of a run that is not there' },
  DEPENDENCY_ORPHAN: { promise: 'EXPLAIN', sentence: ({ after }) => `a run that is not there is said to wait for ${after}` },
  WAIT_STUCK: {
    promise: 'DURABLE',
    sentence: ({ waits_for }) =>
      waits_for === 'key'
        ? 'it waits for its key, but no run of the key is before it'
        : 'it waits for other runs, of which some are gone or have ended unseen',
  },
  ATTEMPTS_OVERLAP: {
    promise: 'ONCE',
    sentence: ({ claim, started_at, earlier_claim, earlier_ended_at }) =>
      `claim ${claim} started at ${instant(started_at)}, before claim ${earlier_claim} ended at ${instant(earlier_ended_at)}`,
  },
  LIMIT_EXCEEDED: {
    promise: 'CAPS',
    sentence: ({ kind, name, limit, most, times }) =>
      `${kind === 'total' ? 'over all' : `${kind} '${name}'`}: ${most} runs at a time where ${limit} are allowed, ${times} time(s)`,
  },
  RATE_EXCEEDED: {
    promise: 'CAPS',
    sentence: ({ limit, per_ms, times }) => `it was started more than ${limit} times within ${Number(per_ms) / 1000} s, ${times} time(s)`,
  },
  TICK_MISSING: {
    promise: 'TICK',
    sentence: ({ until, count }) => `${count} due instant(s) up to ${instant(until)} have no outcome in the ledger`,
  },
  TICK_DOUBLE: {
    promise: 'TICK',
    sentence: ({ accounted_until }) => `the instant is in the ledger twice: up to ${instant(accounted_until)} all was recorded`,
  },
  TICK_NOT_DUE: {
    promise: 'TICK',
    sentence: ({ recorded, due }) => `the ledger records ${recorded} due instant(s) where the schedule had ${due}`,
  },
  TICK_RUN_MISSING: {
    promise: 'DURABLE',
    sentence: ({ recorded_at }) => `the run that was enqueued for it at ${instant(recorded_at)} is not there`,
  },
};
