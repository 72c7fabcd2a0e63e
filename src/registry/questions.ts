import type { ScopeKind } from './auth-states.ts';
import type { Endpoint } from './endpoint.ts';
import { type Target, targetOf } from './target.ts';
import type { Cap, Headers } from './transport.ts';

/** What is asked of a registry, before anybody has said who asks. */
export interface Question {
  readonly endpoint: Endpoint;
  readonly repository: string;
  readonly method: 'GET' | 'HEAD';
  /** Below the origin: `/v2/library/redis/manifests/7`. */
  readonly path: string;
  /** Without question mark, exactly as it goes out. */
  readonly query?: string | undefined;
  /** The registry that is meant, where the endpoint stands in for several (R1.7). */
  readonly proxyFor?: string | undefined;
  readonly headers: Headers & Readonly<Record<string, string>>;
  readonly scope: ScopeKind;
  readonly cap: Cap;
  /** Whether a registry that counts pulls counts this: a manifest GET. */
  readonly pull: boolean;
}

export function targetOfQuestion({ endpoint: { root }, path, query, proxyFor }: Question): Target {
  // A path is made of checked parts, so it is as a URL would write it.
  if (query === undefined && proxyFor === undefined) {
    return { ...root, path };
  }
  const url = new URL(root.origin + path);
  if (query !== undefined) url.search = query;
  if (proxyFor !== undefined) url.searchParams.append('ns', proxyFor);
  return targetOf(url);
}

/** Names the repository that a question is about in everything that is remembered of it. */
export function repositoryKey({
  endpoint,
  repository,
  proxyFor,
}: Pick<Question, 'endpoint' | 'repository' | 'proxyFor'>): string {
  return [endpoint.key, repository, proxyFor ?? ''].join('\n');
}
