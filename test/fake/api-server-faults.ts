import { type CallMatcher, type HeardCall, matchesCall } from './api-server-request.ts';

/** How a request goes wrong. */
export type Fault =
  /** Answered with a Status. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** Answered with a text, as proxies do. */
  | { readonly kind: 'text'; readonly code: number; readonly body: string }
  /** The connection is reset before anything is answered; nothing was done. */
  | { readonly kind: 'reset' }
  /** The work is done, then the connection is reset in place of the answer. */
  | { readonly kind: 'dropAnswer' }
  /** Never answered. */
  | { readonly kind: 'silence' }
  /** Answered after a while. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The answer's body breaks off. */
  | { readonly kind: 'truncated'; readonly bytes: number }
  /** The body, or a watch's lines, come in pieces of so many bytes. */
  | { readonly kind: 'split'; readonly pieceBytes: number }
  | WatchFault;

/** How a watch goes wrong that began well. Each after so many events, at once when absent. */
export type WatchFault = { readonly afterEvents?: number } & (
  | { readonly kind: 'watchEnd' }
  | { readonly kind: 'watchReset' }
  /** Nothing comes any more, the connection stays. */
  | { readonly kind: 'watchSilence' }
  /** An ERROR event, then the end. */
  | {
      readonly kind: 'watchError';
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** The next event is not what it should be; then all goes on. */
  | { readonly kind: 'watchGarbled'; readonly line?: string }
  /** Of the next event half is sent, then the stream ends. */
  | { readonly kind: 'watchTruncated' }
);

export function isWatchFault(fault: Fault | undefined): fault is WatchFault {
  return fault?.kind.startsWith('watch') ?? false;
}

interface Script {
  readonly what: CallMatcher;
  readonly fault: Fault;
  left: number;
}

/** What is to go wrong, and how often. */
export class Faults {
  readonly #scripts: Script[] = [];

  /** The first that was asked for goes first. Returns what takes it back. */
  add(what: CallMatcher, fault: Fault, times: number): () => void {
    const script = { what, fault, left: times };
    this.#scripts.push(script);
    return () => {
      script.left = 0;
    };
  }

  /** The fault of a request; counts it as used. */
  take(call: HeardCall): Fault | undefined {
    const script = this.#scripts.find(({ what, left }) => left > 0 && matchesCall(what, call));
    if (script === undefined) return undefined;
    script.left -= 1;
    if (script.left <= 0) this.#scripts.splice(this.#scripts.indexOf(script), 1);
    return script.fault;
  }
}

/** A `metav1.Status` of a failure. */
export function failureStatus(fault: {
  readonly code: number;
  readonly reason?: string;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
}): object {
  const { code, reason, message, retryAfterSeconds } = fault;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: message ?? `told to answer ${code}`,
    reason: reason ?? '',
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
    code,
  };
}
