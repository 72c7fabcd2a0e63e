import type { Clock } from '../clock.ts';
import type { Agents, TransportProfile } from './agents.ts';
import { Body, type BodyRules, readBody } from './body.ts';
import { type Call, failure, refusalOf } from './call.ts';
import { RegistryError, type RegistryErrorInit } from './errors.ts';
import { failedExchange } from './failed-exchange.ts';
import { downBy, isDown } from './host-health.ts';
import { type Admission, LanePaused, type Lanes } from './lanes.ts';
import type { RegistryObserver } from './observer.ts';
import { MAX_ERROR_BYTES } from './oci-errors.ts';
import { type Progress, type QuickAnswer, QuickAttempt, type QuickHead } from './quick-attempt.ts';
import type { QuickRequest } from './quick-connections.ts';
import { pauseFor } from './retry-after.ts';
import { Slots } from './slots.ts';
import type { Target } from './target.ts';
import type { Timeouts } from './timeouts.ts';

/** One request to one host. */
export interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  /** Asked for when the request really goes out: a token may be renewed while it waits for its lane. */
  readonly authorization?: (() => string) | undefined;
  readonly body?: string;
  readonly profile: TransportProfile;
  /** Bytes of a good answer, and what they are in the words of an error. */
  readonly cap: Cap;
  /** Who is asked. */
  readonly from: 'registry' | 'tokenService' | 'redirectTarget';
  /** Token requests are to be as quick as a HEAD (R5.10). */
  readonly quick: boolean;
  /** Whether Docker Hub counts this as a pull, and for whom: a manifest GET of this identity. */
  readonly pullIdentity?: string | undefined;
  readonly hub: boolean;
}

export interface Cap {
  readonly what: NonNullable<RegistryErrorInit['limit']>['what'];
  readonly bytes: number;
  /** Set when it is the size that was told before: more is no large answer then, but a wrong one (R6.7). */
  readonly told?: true;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** An answer of any status, read to its end. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Empty for HEAD; of all but successes at most 64 KiB. */
  readonly bytes: Uint8Array;
  /** Who said it. */
  readonly from: Exchange['from'];
  /** Set when the answer paused its host: epoch ms. */
  readonly retryAtMs?: number;
}

export interface TransportParts {
  readonly agents: Agents;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly observer: RegistryObserver;
  readonly timeouts: Timeouts;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

/** Bodies of GET answers that are held at the same time, so that their caps bound the memory (R6.13). */
const MAX_BODIES = 16;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** Sends single requests: through the lane of their host, under all deadlines and caps, telling lanes of limits. */
export class Transport {
  readonly #parts: TransportParts;
  readonly #bodies = new Slots(MAX_BODIES);
  /** Errors of connections that never came to be: nothing was sent. */
  readonly #unconnected = new WeakSet<RegistryError>();

  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  /** Whether a failure happened on connect or TLS level, before any of the request was sent. */
  neverConnected(error: RegistryError): boolean {
    return this.#unconnected.has(error);
  }

  /** Throws `RegistryError`. */
  async exchange(exchange: Exchange, call: Call): Promise<Reply> {
    const { agents, lanes } = this.#parts;
    const { target, profile, method, from } = exchange;
    const { signal } = call.context;
    const admission = admissionOf(exchange, call);
    let madeBefore = agents.connectionsMade(target, profile);
    // A kept connection that the other side had closed meanwhile: nobody's fault, asked again at once (R4.6).
    const isStale = (error: unknown): boolean => {
      const kept = madeBefore > 0 && agents.connectionsMade(target, profile) === madeBefore;
      return kept && method !== 'POST' && isReset(error);
    };
    const send = (): Promise<Reply> => this.#send(exchange, call, admission, isStale);
    for (;;) {
      try {
        return await lanes.run(admission, send);
      } catch (error) {
        if (error instanceof LanePaused) throw this.#turnedAway(error, exchange, call);
        if (signal.aborted) throw failure(call, { kind: 'aborted', from, cause: signal.reason });
        if (!isStale(error)) throw error;
        // But once.
        madeBefore = 0;
      }
    }
  }

  #turnedAway(paused: LanePaused, { from }: Exchange, call: Call): RegistryError {
    const { cause, untilMs: retryAtMs } = paused;
    if (!(cause instanceof RegistryError)) {
      const detail = 'requests to this registry are paused';
      return failure(call, { kind: 'rateLimited', from, retryAtMs, detail, cause: paused });
    }
    // In the words of its last failure, so that a failure reads the same whether the host was asked again or not.
    const error = failure(call, { ...refusalOf(cause), from, retryAtMs });
    if (this.#unconnected.has(cause)) this.#unconnected.add(error);
    return error;
  }

  /** One request with its deadline; the lane hears how it fared. */
  async #send(
    exchange: Exchange,
    call: Call,
    admission: Admission,
    isStale: (error: unknown) => boolean,
  ): Promise<Reply> {
    const { agents, clock, lanes, observer, timeouts } = this.#parts;
    const { signal } = call.context;
    if (signal.aborted) throw failure(call, { kind: 'aborted', from: exchange.from, cause: signal.reason });
    const isQuick = exchange.quick || exchange.method === 'HEAD';
    const attemptMs = isQuick ? timeouts.headAttemptMs : timeouts.getAttemptMs;
    const limitMs = Math.min(attemptMs, timeouts.operationMs - call.budget.spentMs);
    const progress: Progress = { status: undefined };
    const attempt = isQuick ? this.#quickAttempt(exchange, progress) : new AbortController();
    let late = false;
    const expire = (): void => {
      late = true;
      attempt.abort(new Error('the request took too long'));
    };
    const stop = (): void => attempt.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(expire, Math.max(0, limitMs));
    const startedMs = clock.monotonic();
    try {
      const reply =
        attempt instanceof QuickAttempt
          ? this.#reply(exchange, await attempt.send(agents.quick(exchange.profile), requestOf(exchange)))
          : await this.#read(exchange, attempt.signal, progress);
      signal.throwIfAborted();
      if (exchange.from === 'registry' && exchange.target.plain) call.budget.speaksHttp = speaksHttp(reply);
      lanes.heard(admission, downBy(reply, call));
      return reply;
    } catch (error) {
      if (signal.aborted) throw failure(call, { kind: 'aborted', from: exchange.from, cause: signal.reason });
      const { told, neverConnected } = failedExchange(error, exchange, call, { late, status: progress.status });
      if (neverConnected) this.#unconnected.add(told);
      if (isDown(told) && !isStale(told)) lanes.heard(admission, told);
      throw told;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      const ms = clock.monotonic() - startedMs;
      call.budget.answered ||= progress.status !== undefined;
      call.budget.spentMs += ms;
      observer.request({ host: exchange.target.host, method: exchange.method, status: progress.status, ms });
    }
  }

  /** What may be large. */
  async #read(exchange: Exchange, signal: AbortSignal, progress: Progress): Promise<Reply> {
    const { agents } = this.#parts;
    const response = await agents.dispatcher(exchange.profile).request({ ...requestOf(exchange), signal });
    const { statusCode, headers, body } = response;
    progress.status = statusCode;
    // Only now: hosts that never answer must not keep others from having their bodies read.
    const bytes = await this.#bodies.hold(signal, async () => {
      // The status of a no and its headers count whatever became of its words: a 429 pauses, a 401 is a challenge.
      const read = readBody(body, this.#rulesOf(exchange, response));
      return isGood(statusCode) ? read : read.catch(() => NOTHING);
    });
    return this.#reply(exchange, { statusCode, headers, bytes });
  }

  #quickAttempt(exchange: Exchange, progress: Progress): QuickAttempt {
    if (exchange.method === 'HEAD') return new QuickAttempt(progress);
    return new QuickAttempt(progress, (head, tooSlow) => new Body(this.#rulesOf(exchange, head), tooSlow));
  }

  #rulesOf({ cap }: Exchange, { statusCode, headers }: QuickHead): BodyRules {
    const rules = {
      contentLength: declaredLength(headers),
      contentEncoding: singleHeader(headers, 'content-encoding'),
      timeouts: this.#parts.timeouts,
    };
    if (isGood(statusCode)) return { ...rules, capBytes: cap.bytes, beyondCap: 'refuse' };
    // So much at most, so that the connection can be kept; what is longer is cut off with it (R5.13).
    return { ...rules, capBytes: MAX_ERROR_BYTES, beyondCap: 'cut' };
  }

  #reply(exchange: Exchange, { statusCode: status, headers, bytes }: QuickAnswer): Reply {
    const retryAtMs = this.#obey(exchange, status, headers, bytes);
    const reply = { status, headers, bytes, from: exchange.from };
    return retryAtMs === undefined ? reply : { ...reply, retryAtMs };
  }

  /** Tells the lanes what an answer asks for (12.4). Epoch ms of the pause, when there is one. */
  #obey(exchange: Exchange, status: number, headers: Headers, bytes: Uint8Array): number | undefined {
    if (status < 400) return undefined;
    const { clock, lanes, random } = this.#parts;
    const nowMs = clock.now();
    const bodyText = status === 429 ? new TextDecoder().decode(bytes) : '';
    const pause = pauseFor({ status, retryAfter: headers['retry-after'], bodyText, nowMs, hub: exchange.hub });
    if (pause === undefined) return undefined;
    const { host } = exchange.target;
    const untilMs = nowMs + pause.delayMs * (1 + random() / 10);
    const identity = pause.scope === 'pull' ? exchange.pullIdentity : undefined;
    lanes.pause(host, untilMs, identity === undefined ? undefined : { identity });
    if (pause.slowDown) lanes.slowDown(host);
    return untilMs;
  }
}

const NOTHING = new Uint8Array();

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}

function requestOf(exchange: Exchange): QuickRequest {
  const { method, target, body } = exchange;
  const request = { method, origin: target.origin, path: target.path, headers: headersOf(exchange) };
  return body === undefined ? request : { ...request, body };
}

function admissionOf({ target, pullIdentity }: Exchange, { context }: Call): Admission {
  const { priority, signal, tenant } = context;
  return {
    host: target.host,
    priority,
    signal,
    pullIdentity,
    tenant,
    plain: target.plain,
  };
}

/**
 * Whether an answer over plain http shows a registry that speaks it: not one that sends us on to https, nor the 400 with
 * which a TLS server answers http, whose words a HEAD can't show (R0.12).
 */
function speaksHttp({ status, headers }: Reply): boolean {
  return status !== 400 && !(isRedirect(status) && /^\s*https:/i.test(singleHeader(headers, 'location') ?? ''));
}

/** Those that go out; the token is asked for now. */
function headersOf({ headers, authorization }: Exchange): Readonly<Record<string, string>> {
  return authorization === undefined ? headers : { ...headers, Authorization: authorization() };
}

/** Value of a header that must be single; undefined when it is absent or repeated. */
export function singleHeader(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

export function declaredLength(headers: Headers): number | undefined {
  const value = singleHeader(headers, 'content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function isReset(error: unknown): boolean {
  if (!Error.isError(error) || error.name !== 'RegistryError') return false;
  const { kind, reason } = error as RegistryError;
  return kind === 'unavailable' && (reason === 'reset' || reason === 'closed');
}
