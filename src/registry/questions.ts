import type { ScopeKind } from './auth-states.ts';
import type { Endpoint } from './endpoint.ts';
import type { Cap, Headers } from './transport.ts';

/** What is asked of a registry, before anybody has said who asks. */
export interface Question {
  readonly endpoint: Endpoint;
  readonly repository: string;
  readonly method: 'GET' | 'HEAD';
  /** Below the origin: `/v2/library/redis/manifests/7`. */
  readonly path: string;
  /** Without question mark, exactly as it goes out. */
  readonly query?: string;
  readonly headers: Headers & Readonly<Record<string, string>>;
  readonly scope: ScopeKind;
  readonly cap: Cap;
  /** Whether a registry that counts pulls counts this: a manifest GET. */
  readonly pull: boolean;
}

export function urlOf({ endpoint, path, query }: Question): URL {
  const url = new URL(path, endpoint.origin);
  if (query !== undefined) url.search = query;
  return url;
}
