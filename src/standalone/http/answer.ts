import type { ServerResponse } from 'node:http';
import type { Status } from '../../api/status.ts';

/** What is sent back, as a whole. */
export interface Answer {
  readonly status: number;
  /** Absent: JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** In pieces where the whole would be large. */
  readonly body: string | Buffer | Iterable<string>;
}

/** A response that goes on for as long as the client, or the work, does. */
export interface Stream {
  run(response: ServerResponse): Promise<void>;
}

export const JSON_TYPE = 'application/json';

export function jsonAnswer(value: object, status = 200): Answer {
  return { status, body: JSON.stringify(value) };
}

/** What was written, as JSON, with what there is to warn of. */
export function writtenAnswer(text: string, status: number, warnings: readonly string[]): Answer {
  const headers = warnings.length === 0 ? {} : { headers: { Warning: fitting(warnings).map(warningHeader) } };
  return { status, ...headers, body: text };
}

export function statusAnswer(status: Status): Answer {
  const wait = status.details?.retryAfterSeconds;
  const headers = wait === undefined ? {} : { headers: { 'Retry-After': String(wait) } };
  return { status: status.code ?? 500, ...headers, body: JSON.stringify(status) };
}

export function textAnswer(text: string, status = 200): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: text };
}

/** Sends it no faster than the client reads. */
export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  const { status, contentType = JSON_TYPE, headers = {}, body } = answer;
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Cache-Control', 'no-cache, private');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
    return;
  }
  for (const piece of body) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/** Resolves when more may be written, or nothing ever will. */
export function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return Promise.resolve();
  return new Promise(resolve => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

/** In characters: of all warnings, and of each where there are too many. */
const MAX_WARNINGS = 4_096;
const MAX_WARNING = 256;

/** As many as fit, as on a cluster: a client that refuses a long head would not learn that its write was taken. */
function fitting(warnings: readonly string[]): readonly string[] {
  const sum = warnings.reduce((characters, text) => characters + text.length, 0);
  if (sum <= MAX_WARNINGS) return warnings;
  let left = MAX_WARNINGS;
  const short = warnings.map(text => text.slice(0, MAX_WARNING));
  return short.filter(text => {
    left -= text.length;
    return left >= 0;
  });
}

/** RFC 9110's quoted text; 299 is a warning that stays. */
function warningHeader(text: string): string {
  return `299 - "${text.replace(/[\\"]/g, '\\$&').replace(/[^\x20-\x7e]/g, '?')}"`;
}
