import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { ApiError, NoAnswer } from './api-error.ts';
import { readText } from './http-body.ts';
import type { ConnectionPool } from './http-dispatchers.ts';
import { noAnswer } from './http-failure.ts';
import { retryWaitMs } from './http-retry.ts';
import { retryAfterOf, statusOf } from './http-status.ts';
import type { Credentials, KubeConfig } from './kubeconfig.ts';
import { LeaseLost } from './leader-term.ts';
import type { KubeObserver, KubeVerb } from './observer.ts';

/** One request, as it is sent. */
export interface Call {
  readonly verb: KubeVerb;
  /** Plural. */
  readonly resource: string;
  /** What it does, in the words of an error: `patch imagestreams "demo/app"`. */
  readonly action: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface CallParts {
  readonly config: KubeConfig;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: KubeObserver;
  readonly random: () => number;
  /** Asked right before each write is sent; see `KubeClientParts`. */
  readonly mayWrite: () => boolean;
}

/** Of failures. A Status with the causes of a large stream has some 100 KiB. */
const MAX_FAILURE_BYTES = 1024 * 1024;

const WRITES: ReadonlySet<KubeVerb> = new Set(['create', 'patch', 'update', 'delete']);

type Response = Dispatcher.ResponseData;
type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly error: ApiError; readonly credentials: Credentials };

/** Sends requests with the credentials in force, and again where that is safe and may help. */
export class HttpCalls {
  readonly #parts: CallParts;
  readonly #server: string;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#server = parts.config.server.replace(/\/+$/, '');
  }

  /** Hands a successful answer to `read`. Throws `ApiError`, `NoAnswer`, or the signal's reason. */
  async run<T>(call: Call, signal: AbortSignal, read: (response: Response) => Promise<T>): Promise<T> {
    const { clock, log, random } = this.#parts;
    let refused: Credentials | undefined;
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#once(call, signal, read, refused);
      if (outcome.kind === 'done') return outcome.value;
      const { error } = outcome;
      if (error.code === 401 && refused === undefined) {
        // A token may have been renewed, or revoked, since it was read: once more with what is there now.
        refused = outcome.credentials;
        continue;
      }
      const waitMs = retryWaitMs(error, tries, random());
      if (waitMs === undefined) throw error;
      log.debug({ action: call.action, code: error.code, waitMs: Math.round(waitMs) }, 'the API server asks to wait');
      await clock.sleep(waitMs, signal);
    }
  }

  async #once<T>(
    call: Call,
    signal: AbortSignal,
    read: (response: Response) => Promise<T>,
    refused: Credentials | undefined,
  ): Promise<Outcome<T>> {
    const { clock, config, log, observer, pool } = this.#parts;
    const credentials = await this.#credentials(call, signal, config, refused);
    if (WRITES.has(call.verb) && !this.#parts.mayWrite()) {
      throw new LeaseLost(`Cannot ${call.action}: another process may lead by now`);
    }
    const startedMs = clock.monotonic();
    let code: number | undefined;
    try {
      const dispatchers = pool.for(credentials.tls);
      const dispatcher = call.verb === 'watch' ? dispatchers.watches : dispatchers.calls;
      const url = new URL(`${this.#server}${call.path}`);
      const response = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: call.method,
        headers: { ...call.headers, ...credentials.headers },
        ...(call.body === undefined ? {} : { body: call.body }),
        signal,
      });
      code = response.statusCode;
      if (code >= 200 && code < 300) return { kind: 'done', value: await read(response) };
      return { kind: 'refused', error: await this.#refusal(call, response), credentials };
    } catch (error) {
      signal.throwIfAborted();
      throw noAnswer(call.action, error);
    } finally {
      const ms = clock.monotonic() - startedMs;
      observer.request({ verb: call.verb, resource: call.resource, code, ms });
      log.debug({ action: call.action, code, ms: Math.round(ms) }, 'asked the API server');
    }
  }

  async #credentials(
    call: Call,
    signal: AbortSignal,
    config: KubeConfig,
    refused: Credentials | undefined,
  ): Promise<Credentials> {
    signal.throwIfAborted();
    try {
      return await unlessAborted(config.credentials(refused), signal);
    } catch (error) {
      signal.throwIfAborted();
      const detail = Error.isError(error) ? error.message : '';
      throw new NoAnswer(call.action, 'credentials', { cause: error, detail });
    }
  }

  async #refusal(call: Call, response: Response): Promise<ApiError> {
    const { statusCode, headers, body } = response;
    // The code counts whatever became of the words.
    const text = await readText(body, MAX_FAILURE_BYTES).catch(() => '');
    const status = statusOf(statusCode, text);
    const header = headers['retry-after'];
    const asked = retryAfterOf(typeof header === 'string' ? header : header?.[0], status, this.#parts.clock.now());
    return new ApiError(call.action, statusCode, status, asked);
  }
}

/** A credential plug-in may hang: whoever gives up needn't wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
