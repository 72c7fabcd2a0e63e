import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { Agents, TransportProfile } from './agents.ts';
import { readBody } from './body.ts';
import { type Call, failure, refusalOf } from './call.ts';
import { RegistryError, type RegistryErrorInit } from './errors.ts';
import { failedExchange } from './failed-exchange.ts';
import { type HeadAnswer, HeadAttempt, type HeadRequest, type Progress } from './head-attempt.ts';
import { downBy, isDown } from './host-health.ts';
import { type Admission, LanePaused, type Lanes } from './lanes.ts';
import type { RegistryObserver } from './observer.ts';
import { MAX_ERROR_BYTES } from './oci-errors.ts';
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
  readonly authorization?: () => string;
  readonly body?: string;
  readonly profile: TransportProfile;
  /** Bytes of a good answer, and what they are in the words of an error. */
  readonly cap: Cap;
  /** Who is asked. */
  readonly from: 'registry' | 'tokenService' | 'redirectTarget';
  /** Token requests are to be as quick as a HEAD (R5.10). */
  readonly quick: boolean;
  /** Whether Docker Hub counts this as a pull, and for whom: a manifest GET of this identity. */
  readonly pullIdentity?: string;
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
  /** Empty for HEAD and for redirects; of errors at most 64 KiB. */
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
    const attemptMs = exchange.quick || exchange.method === 'HEAD' ? timeouts.headAttemptMs : timeouts.getAttemptMs;
    const limitMs = Math.min(attemptMs, timeouts.operationMs - call.budget.spentMs);
    const progress: Progress = { status: undefined };
    const attempt = exchange.method === 'HEAD' ? new HeadAttempt(progress) : new AbortController();
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
        attempt instanceof HeadAttempt
          ? this.#reply(exchange, await attempt.send(agents.heads(exchange.profile), headOf(exchange)), NOTHING)
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

  /** GET and POST. */
  async #read(exchange: Exchange, signal: AbortSignal, progress: Progress): Promise<Reply> {
    const { origin, path } = exchange.target;
    const response = await this.#parts.agents.dispatcher(exchange.profile).request({
      origin,
      path,
      method: exchange.method,
      headers: headersOf(exchange),
      ...(exchange.body === undefined ? {} : { body: exchange.body }),
      signal,
    });
    progress.status = response.statusCode;
    const read = () => this.#bytes(exchange, response);
    // Only now: hosts that never answer must not keep others from having their bodies read.
    const bytes = exchange.method === 'GET' && !exchange.quick ? await this.#bodies.hold(signal, read) : await read();
    return this.#reply(exchange, response, bytes);
  }

  #reply(exchange: Exchange, { statusCode: status, headers }: HeadAnswer, bytes: Uint8Array): Reply {
    const retryAtMs = this.#obey(exchange, status, headers, bytes);
    const reply = { status, headers, bytes, from: exchange.from };
    return retryAtMs === undefined ? reply : { ...reply, retryAtMs };
  }

  async #bytes(exchange: Exchange, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<Uint8Array> {
    if (statusCode === 304 || isRedirect(statusCode)) {
      // So the connection goes back to the pool; a longer body is cut off with its connection (R5.13).
      await body.dump({ limit: MAX_ERROR_BYTES });
      return NOTHING;
    }
    const limits = {
      contentLength: declaredLength(headers),
      contentEncoding: singleHeader(headers, 'content-encoding'),
      timeouts: this.#parts.timeouts,
    };
    const good = statusCode >= 200 && statusCode < 300;
    if (good) return readBody(body, { ...limits, capBytes: exchange.cap.bytes, beyondCap: 'refuse' });
    // The status and its headers count whatever became of the words: a 429 pauses, a 401 is a challenge.
    return readBody(body, { ...limits, capBytes: MAX_ERROR_BYTES, beyondCap: 'cut' }).catch(() => NOTHING);
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

function headOf(exchange: Exchange): HeadRequest {
  return { target: exchange.target, headers: headersOf(exchange) };
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
