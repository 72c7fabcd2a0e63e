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
 * Reads a body to its end under R6.6 to R6.9: capped by what is read, not by what is declared, never slower than the
 * minimum rate, decoded once when it is gzip. Throws `BodyProblem`, or what the stream fails with.
 */
export async function readBody(body: Readable, rules: BodyRules): Promise<Uint8Array> {
  const { capBytes, contentLength } = rules;
  const encoding = (rules.contentEncoding ?? '').trim().toLowerCase();
  const gzip = encoding === 'gzip' || encoding === 'x-gzip';
  const cut = rules.beyondCap === 'cut';
  if (!gzip && encoding !== '' && encoding !== 'identity') return refuse(body, 'encoding');
  if (!cut && contentLength !== undefined && contentLength > capBytes) return refuse(body, 'tooLarge');

  const bytes = await readUpTo(body, rules);
  if (bytes.length > capBytes) {
    if (!cut) throw new BodyProblem('tooLarge');
    return gzip ? new Uint8Array() : bytes.subarray(0, capBytes);
  }
  if (contentLength !== undefined && bytes.length !== contentLength) throw new BodyProblem('length');
  return gzip ? decode(bytes, capBytes) : bytes;
}

/** Reads to the end, or until the cap is passed. */
async function readUpTo(body: Readable, rules: BodyRules): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const watch = watchRate(body, rules.timeouts, () => size);
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      // Leaving the loop destroys the stream, and with it a connection that would go on sending.
      if (size > rules.capBytes) break;
    }
  } finally {
    watch.stop();
  }
  return Buffer.concat(chunks, size);
}

/** From the grace time on, ends a body that came slower than the minimum rate on average (R6.8). */
function watchRate(body: Readable, timeouts: Timeouts, size: () => number): { stop(): void } {
  let elapsedMs = timeouts.minRateAfterMs;
  const check = (): void => {
    if ((size() * 1000) / elapsedMs < timeouts.minBytesPerSecond) body.destroy(new BodyProblem('tooSlow'));
    elapsedMs += 1000;
    timer = setTimeout(check, 1000);
  };
  let timer = setTimeout(check, elapsedMs);
  return { stop: () => clearTimeout(timer) };
}

function refuse(body: Readable, problem: BodyProblem['problem']): never {
  // Destroying a body that nobody reads emits an error that nobody would hear.
  body.on('error', () => {});
  body.destroy();
  throw new BodyProblem(problem);
}

function decode(bytes: Uint8Array, capBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: capBytes });
  } catch (error) {
    const tooLarge = Error.isError(error) && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new BodyProblem(tooLarge ? 'tooLarge' : 'encoding');
  }
}
