import { portAllowed } from './host-names.ts';

export interface RedirectQuestion {
  /** The `Location` header as undici hands it over. */
  readonly location: string | readonly string[] | undefined;
  /** The URL that answered with the redirect. */
  readonly current: URL;
  /** The URL that was asked to begin with, at the registry. */
  readonly first: URL;
  /** Redirects followed so far. */
  readonly hops: number;
  /** `href` of every URL asked so far in this chain. */
  readonly seen: ReadonlySet<string>;
  /** Hosts that an administrator trusts as targets, with or without a port. */
  readonly trustedRedirectHosts?: readonly string[];
}

/**
 * Where to go next. On a `crossOrigin` hop nothing that proves who we are may be sent, nor on any hop after it (R5.3).
 * The address policy (6.2) is for the caller.
 */
export type RedirectJudgement =
  | { readonly url: URL; readonly crossOrigin: boolean }
  | { readonly refused: RedirectRefusal };

export type RedirectRefusal =
  | 'noLocation'
  | 'notAUrl'
  | 'scheme'
  | 'downgrade'
  | 'userinfo'
  | 'port'
  | 'loop'
  | 'tooMany';

const MAX_HOPS = 5;

/** Judges one redirect (R5.1 to R5.3, R6.5). Never throws. */
export function judgeRedirect(question: RedirectQuestion): RedirectJudgement {
  const { current, first, hops, seen, trustedRedirectHosts = [] } = question;
  const location = typeof question.location === 'string' ? question.location : question.location?.[0];
  if (location === undefined || location.trim() === '') return { refused: 'noLocation' };
  const url = /\p{Cc}/u.test(location) ? null : URL.parse(location, current.href);
  if (url === null) return { refused: 'notAUrl' };
  url.hash = '';

  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { refused: 'scheme' };
  if (url.protocol === 'http:' && (current.protocol === 'https:' || first.protocol === 'https:')) {
    return { refused: 'downgrade' };
  }
  if (url.username !== '' || url.password !== '') return { refused: 'userinfo' };
  if (!portAllowed(url, first, trustedRedirectHosts)) return { refused: 'port' };
  if (seen.has(url.href) || [current.href, first.href].includes(url.href)) return { refused: 'loop' };
  if (hops >= MAX_HOPS) return { refused: 'tooMany' };
  return { url, crossOrigin: hasLeft(first, [url.origin, current.origin], seen) };
}

/** Whether the chain has been at another origin than the first, if only for a moment: a way back restores nothing. */
function hasLeft(first: URL, origins: readonly string[], seen: ReadonlySet<string>): boolean {
  const visited = [...seen].map(href => URL.parse(href)?.origin);
  return [...visited, ...origins].some(origin => origin !== first.origin);
}
