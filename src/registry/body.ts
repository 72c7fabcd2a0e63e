import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { Timeouts } from './timeouts.ts';

/** What is wrong with a body, in the words of the error that it becomes. */
export class BodyProblem extends Error {
  override readonly name = 'BodyProblem';
  readonly problem: 'tooLarge' | 'tooSlow' | 'length' | 'encoding';

  constructor(problem: BodyProblem['problem']) {
    super(`the body is refused: ${problem}`);
    this.problem = problem;
  }
}

export interface BodyRules {
  /** Bytes that are read at most, before and after decoding. */
  readonly capBytes: number;
  /** Beyond the cap: refuse (`BodyProblem` tooLarge), or keep what is there (bodies of errors). */
  readonly beyondCap: 'refuse' | 'cut';
  readonly contentLength: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly timeouts: Timeouts;
}

/**
 * A body that comes piece by piece, under R6.6 to R6.9: capped by what is read, not by what is declared, never slower than
 * the minimum rate, decoded once when it is gzip.
 */
export class Body {
  readonly #rules: BodyRules;
  readonly #isGzip: boolean;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #timer: NodeJS.Timeout;

  /**
   * @param tooSlow called when it comes too slowly, unless it is ended before
   * @throws BodyProblem when the head of its answer says enough
   */
  constructor(rules: BodyRules, tooSlow: (problem: BodyProblem) => void) {
    const { capBytes, contentLength, beyondCap, timeouts } = rules;
    const encoding = (rules.contentEncoding ?? '').trim().toLowerCase();
    this.#rules = rules;
    this.#isGzip = encoding === 'gzip' || encoding === 'x-gzip';
    if (!this.#isGzip && encoding !== '' && encoding !== 'identity') throw new BodyProblem('encoding');
    if (beyondCap === 'refuse' && (contentLength ?? 0) > capBytes) throw new BodyProblem('tooLarge');
    this.#timer = this.#watch(timeouts.minRateAfterMs, tooSlow);
  }

  /** Whether more of it may come; a connection that would go on sending is to be ended. */
  add(piece: Uint8Array): boolean {
    this.#pieces.push(piece);
    this.#size += piece.length;
    return this.#size <= this.#rules.capBytes;
  }

  /** No more comes, or is waited for. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /** What it says. Throws `BodyProblem`. */
  bytes(): Uint8Array {
    const { capBytes, beyondCap, contentLength } = this.#rules;
    const bytes = Buffer.concat(this.#pieces, this.#size);
    if (bytes.length > capBytes) {
      if (beyondCap === 'refuse') throw new BodyProblem('tooLarge');
      return this.#isGzip ? new Uint8Array() : bytes.subarray(0, capBytes);
    }
    if (contentLength !== undefined && bytes.length !== contentLength) throw new BodyProblem('length');
    return this.#isGzip ? decode(bytes, capBytes) : bytes;
  }

  /** From the grace time on, looks every second whether it comes as fast as the minimum rate on average (R6.8). */
  #watch(elapsedMs: number, tooSlow: (problem: BodyProblem) => void, waitMs = elapsedMs): NodeJS.Timeout {
    return setTimeout(() => {
      if ((this.#size * 1000) / elapsedMs < this.#rules.timeouts.minBytesPerSecond) tooSlow(new BodyProblem('tooSlow'));
      else this.#timer = this.#watch(elapsedMs + 1000, tooSlow, 1000);
    }, waitMs);
  }
}

/** Reads a body to its end. Throws `BodyProblem`, or what the stream fails with. */
export async function readBody(stream: Readable, rules: BodyRules): Promise<Uint8Array> {
  const body = begun(stream, rules);
  try {
    for await (const piece of stream) {
      // Leaving the loop destroys the stream, and with it a connection that would go on sending.
      if (!body.add(piece)) break;
    }
  } finally {
    body.end();
  }
  return body.bytes();
}

function begun(stream: Readable, rules: BodyRules): Body {
  try {
    return new Body(rules, problem => stream.destroy(problem));
  } catch (problem) {
    // Destroying a body that nobody reads emits an error that nobody would hear.
    stream.on('error', () => {});
    stream.destroy();
    throw problem;
  }
}

function decode(bytes: Uint8Array, capBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: capBytes });
  } catch (error) {
    const tooLarge = Error.isError(error) && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new BodyProblem(tooLarge ? 'tooLarge' : 'encoding');
  }
}
