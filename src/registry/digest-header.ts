import { isVerifiableDigest } from '../reference/digest.ts';
import type { Headers } from './transport.ts';

/** The digest a registry says its answer has: one distinct value that we could verify, else none (R1.11). */
export function digestHeader(headers: Headers): string | undefined {
  const value = headers['docker-content-digest'];
  // Nearly always: the rest is for those that say it twice.
  if (typeof value === 'string' && isVerifiableDigest(value)) return value;
  const values = new Set((typeof value === 'string' ? [value] : (value ?? [])).flatMap(each => each.split(',')));
  const distinct = new Set([...values].map(each => each.trim()));
  const [only] = distinct;
  return distinct.size === 1 && only !== undefined && isVerifiableDigest(only) ? only : undefined;
}
