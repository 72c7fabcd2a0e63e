import { getPublicSuffix } from 'tldts';
import { bareHost, listsHost, portAllowed, portOf } from './host-names.ts';

export interface RealmQuestion {
  /** As the challenge has it; may be relative. */
  readonly realm: string;
  /** Where the registry was asked. */
  readonly endpoint: URL;
  /** What an administrator trusts for this registry: hosts, with or without a port. */
  readonly trustedRealmHosts: readonly string[];
  /** Such as `cluster.local`. */
  readonly clusterDomain: string;
  /** Whether the registry is spoken to over plain http on purpose. */
  readonly plainHttp: boolean;
}

/**
 * What to do about a realm: ask it, with or without credentials, or not at all. `credentials` speaks of trust only;
 * whether they may go over plain http is for the caller (R5.19), and so is the address policy (R2.19).
 */
export type RealmJudgement = { readonly url: URL; readonly credentials: boolean } | { readonly refused: RealmRefusal };

export type RealmRefusal = 'tooLong' | 'notAUrl' | 'scheme' | 'userinfo' | 'port';

const MAX_REALM_CHARACTERS = 2048;

/** Judges where a challenge sends us for a token (R2.17, R2.18, R2.20, R6.5). Never throws. */
export function judgeRealm(question: RealmQuestion): RealmJudgement {
  const { realm, endpoint, trustedRealmHosts } = question;
  if (realm.length > MAX_REALM_CHARACTERS) return { refused: 'tooLong' };
  const url = resolveRealm(realm.trim(), endpoint);
  if (url === undefined) return { refused: 'notAUrl' };
  if (url.username !== '' || url.password !== '') return { refused: 'userinfo' };
  if (url.protocol === 'http:' && endpoint.protocol === 'https:' && bareHost(url) === bareHost(endpoint)) {
    // A proxy that ends TLS leaves the product behind it believing it is http.
    url.protocol = 'https:';
    url.port = endpoint.port;
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && question.plainHttp)) return { refused: 'scheme' };
  if (!portAllowed(url, endpoint, trustedRealmHosts)) return { refused: 'port' };
  return { url, credentials: isTrusted(url, question) };
}

function resolveRealm(realm: string, endpoint: URL): URL | undefined {
  // URL would take `https:///host` and `https:host` for `https://host`, and drop tabs and line breaks inside.
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(realm)?.[0];
  const written = scheme === undefined ? realm : realm.slice(scheme.length);
  if (realm === '' || /\p{Cc}/u.test(realm)) return undefined;
  if (scheme !== undefined && !written.startsWith('//')) return undefined;
  if (/^[/\\]{2}(?:[/\\?#]|$)/.test(written)) return undefined;
  const url = URL.parse(realm, endpoint.href);
  if (url === null || url.hostname === '') return undefined;
  url.hash = '';
  return url;
}

function isTrusted(realm: URL, { endpoint, trustedRealmHosts, clusterDomain }: RealmQuestion): boolean {
  if (listsHost(trustedRealmHosts, realm)) return true;
  const port = portOf(realm);
  // For one host the ports decide alone: being of the same site as oneself says nothing.
  if (bareHost(realm) === bareHost(endpoint)) return port === portOf(endpoint) || port === 443;
  if (isKnownPair(bareHost(endpoint), realm)) return true;
  const site = siteOf(bareHost(endpoint), clusterDomain);
  return site !== undefined && site === siteOf(bareHost(realm), clusterDomain);
}

/** Registries whose tokens come from a host of another name, by their vendors' documentation. */
const KNOWN_PAIRS: readonly { readonly endpoint: RegExp; readonly realm: string }[] = [
  { endpoint: /^registry-1\.docker\.io$/, realm: 'auth.docker.io' },
  { endpoint: /(?:^|\.)gcr\.io$|\.pkg\.dev$/, realm: 'oauth2.googleapis.com' },
  { endpoint: /\.azurecr\.io$/, realm: 'login.microsoftonline.com' },
  { endpoint: /^registry\.gitlab\.com$/, realm: 'gitlab.com' },
];

function isKnownPair(endpointHost: string, realm: URL): boolean {
  if (realm.protocol !== 'https:' || portOf(realm) !== 443) return false;
  return KNOWN_PAIRS.some(pair => pair.endpoint.test(endpointHost) && pair.realm === bareHost(realm));
}

/** Suffixes below which everybody can have a name of their own, so that a common one proves nothing (R2.20d). */
const SHARED_SUFFIXES = ['azurecr.io', 'jfrog.io', 'pkg.dev', 'gcr.io', 'cluster.local', 'svc', 'local', 'internal'];

/** Below these, names of different customers lie at any depth: nothing there is one site. */
const UNSITED = /(?:^|\.)amazonaws\.com(?:\.cn)?$/;

/**
 * The part of a host name that belongs to one owner: `corp.example` of `gitlab.corp.example`. In a cluster that is a
 * namespace, so `svc.<cluster domain>` is a suffix like the rest. `undefined` for addresses and for names that have none.
 */
function siteOf(host: string, clusterDomain: string): string | undefined {
  if (UNSITED.test(host)) return undefined;
  const domains = ['cluster.local', clusterDomain.toLowerCase().replace(/^\.|\.$/g, '')].filter(Boolean);
  const suffixes = [
    getPublicSuffix(host, { allowPrivateDomains: true }) ?? '',
    ...SHARED_SUFFIXES,
    ...domains.flatMap(domain => [domain, `svc.${domain}`, `pod.${domain}`]),
  ].filter(suffix => suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`)));
  const longest = suffixes.reduce((best, suffix) => (suffix.length > best.length ? suffix : best), '');
  if (longest === '' || host === longest) return undefined;
  const label = host
    .slice(0, -longest.length - 1)
    .split('.')
    .at(-1);
  return `${label}.${longest}`;
}
