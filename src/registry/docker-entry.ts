import type { Credential } from './credentials.ts';
import { parseLocation } from './locations.ts';

type WithoutFingerprint<C> = C extends Credential ? Omit<C, 'fingerprint'> : never;

/** What an entry proves who we are with: a credential that has no fingerprint yet. */
export type Login = WithoutFingerprint<Credential>;

/** One credential, and where it may be sent. */
export interface DockerEntry {
  /** As written: `https://quay.io/acme`. */
  readonly location: string;
  readonly login: Login;
}

export interface ReadEntries {
  readonly entries: readonly DockerEntry[];
  readonly warnings: readonly string[];
}

/** R3.7 */
const MAX_ENTRIES = 1_000;
const MAX_LOCATION_CHARACTERS = 512;
/**
 * Of a login, each part. A larger one would be shown all the same, and a registry that does not read such a header says
 * neither 401 nor 403: nobody after it would have a turn. The largest in use, tokens of clouds, have a quarter.
 */
const MAX_LOGIN_CHARACTERS = 16 * 1024;

/** Decodes the entries of a docker config (R3.4 to R3.7). What can't be used is left out, with a warning. */
export function readEntries(
  written: readonly (readonly [location: string, entry: unknown])[],
  options: { readonly strict?: boolean },
): ReadEntries {
  const entries: DockerEntry[] = [];
  const warnings: string[] = [];
  for (const [location, entry] of written.slice(0, MAX_ENTRIES)) {
    const login = locationFault(location, options) ?? readEntry(entry, options);
    if (typeof login === 'string') warnings.push(`entry ${quoted(location)} skipped: ${login}`);
    else if (login !== undefined) entries.push({ location, login });
  }
  if (written.length > MAX_ENTRIES) warnings.push(`only the first ${MAX_ENTRIES} entries are used`);
  return { entries, warnings };
}

function locationFault(location: string, { strict = false }: { readonly strict?: boolean }): string | undefined {
  if (location.length > MAX_LOCATION_CHARACTERS) return 'its location is too long';
  return parseLocation(location, strict) === undefined ? 'its location names no registry' : undefined;
}

/** A location as a warning shows it, without a password that somebody put in front of the host. */
function quoted(location: string): string {
  const shown = location.replace(/^((?:[a-z]+:)?\/\/)?[^/]*@/i, '$1');
  return JSON.stringify(shown.length <= 64 ? shown : `${shown.slice(0, 63)}…`);
}

/** A login, nothing (an entry that proves nothing is no mistake), or what is wrong with the entry. */
function readEntry(entry: unknown, options: { readonly strict?: boolean }): Login | undefined | string {
  if (entry === null) return undefined;
  if (typeof entry !== 'object' || Array.isArray(entry)) return 'it is no object';
  const text = (name: string): string => {
    const value: unknown = Object.hasOwn(entry, name) ? Reflect.get(entry, name) : '';
    return typeof value === 'string' ? value : '';
  };

  const decoded = text('auth') === '' ? undefined : decodeAuth(text('auth'), options.strict === true);
  if (typeof decoded === 'string') return decoded;
  const { username, password } = decoded ?? { username: text('username'), password: text('password') };
  const parts = [username, password, text('registrytoken'), text('identitytoken')];
  if (parts.some(part => part.length > MAX_LOGIN_CHARACTERS)) return 'its login is too long for a header';

  const registryToken = text('registrytoken');
  if (registryToken !== '') {
    return isVisible(registryToken)
      ? { kind: 'registryToken', token: registryToken }
      : 'its registrytoken fits no header';
  }
  const identityToken = text('identitytoken') || (username === '<token>' ? password : '');
  const basic = username !== '' && username !== '<token>' && password !== '' ? { username, password } : undefined;
  if (identityToken !== '') return { kind: 'identityToken', token: identityToken, ...(basic && { basic }) };
  return basic && { kind: 'basic', ...basic };
}

/** `user:password` in base64, padded or not (R3.4), or what is wrong with it. */
function decodeAuth(auth: string, strict: boolean): { username: string; password: string } | string {
  const encoded = (strict ? auth : auth.trim()).replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded) || encoded.replace(/=+$/, '').length % 4 === 1)
    return 'its auth is no base64';
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return 'its auth is not base64 of user:password';
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** The token becomes a header as it is, so it must not be able to end one. */
function isVisible(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}
