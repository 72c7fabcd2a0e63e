import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { tooLarge } from '../faults.ts';
import type { Address } from './address.ts';

/** A request whose head is read; its body not yet. */
export interface Request extends Address {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Once. Throws a 413 for a body that is too large, and reads no more of it then. */
  readBody(): Promise<Buffer>;
}

/** What kube-apiserver takes, too. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

export function requestOf(incoming: IncomingMessage, address: Address): Request {
  const { method = 'GET', headers } = incoming;
  return { ...address, method, headers, readBody: () => readBody(incoming) };
}

/** Whoever is refused may go on sending: Node reads and drops the rest, so that the refusal arrives. */
function readBody(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY_BYTES)
    return Promise.reject(tooLarge(`limit is ${MAX_BODY_BYTES}`));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= MAX_BODY_BYTES) return;
      incoming.off('data', take);
      chunks.length = 0;
      reject(tooLarge(`limit is ${MAX_BODY_BYTES}`));
    };
    incoming
      .on('data', take)
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject);
  });
}
