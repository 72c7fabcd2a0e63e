import { isIPv4, isIPv6 } from 'node:net';
import { isComponent, isLabel, matchesTag } from './grammar.ts';

/*
 * The checks of registry-client 0.3 that every value passes before it becomes part of a URL (R0.6). They are narrower
 * than the reference grammar of the API, which lets through what must never be sent.
 */

const MAX_DIGEST_LENGTH = 255;
const MAX_REPOSITORY_LENGTH = 255;
const MAX_HOST_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

const DIGEST = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([A-Za-z0-9=_-]+)$/;
const PORT = /^[1-9][0-9]{0,4}$/;
const LOWER_HEX = /^[0-9a-f]+$/;
const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/**
 * Whether a text is a digest (R0.1): `sha256` with exactly 64 lower-case hex digits, `sha512` with 128, or another
 * algorithm's in the grammar of the OCI specification.
 */
export function isDigest(text: string): boolean {
  if (text.length > MAX_DIGEST_LENGTH) return false;
  const [, algorithm, encoded] = DIGEST.exec(text) ?? [];
  if (algorithm === undefined || encoded === undefined) return false;
  const digits = HEX_DIGITS.get(algorithm);
  return digits === undefined || (encoded.length === digits && LOWER_HEX.test(encoded));
}

/** Whether a text is a digest that we can compute ourselves (R6.17): `sha256` or `sha512`, nothing weaker or unknown. */
export function isVerifiableDigest(text: string): boolean {
  return isDigest(text) && HEX_DIGITS.has(text.slice(0, text.indexOf(':')));
}

export function isTag(text: string): boolean {
  return matchesTag(text);
}

/** Whether a text is a repository path without its host: `library/busybox` (R0.1, R0.4). */
export function isRepositoryPath(text: string): boolean {
  return text.length <= MAX_REPOSITORY_LENGTH && text.split('/').every(isComponent);
}

/**
 * Whether a text is `host` or `host:port`: DNS labels, an IPv4 address or a bracketed IPv6 address (R0.1).
 * Numbers that URL parsers take for an IPv4 address in another spelling (`127.1`, `0x7f.1`) are none.
 */
export function isHost(text: string): boolean {
  if (text.length > MAX_HOST_LENGTH + ':65535'.length) return false;
  const bracket = text.startsWith('[') ? text.indexOf(']') + 1 : 0;
  const colon = text.indexOf(':', bracket);
  if (colon >= 0 && !isPort(text.slice(colon + 1))) return false;
  const host = colon < 0 ? text : text.slice(0, colon);
  return bracket > 0 ? isBracketedIPv6(host) : isName(host);
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

function isBracketedIPv6(text: string): boolean {
  const address = text.slice(1, -1);
  // A zone names an interface of ours, and a mapped address would dress an IPv4 address up.
  return text.endsWith(']') && isIPv6(address) && !address.includes('%') && !/^[0:]*:ffff:/i.test(address);
}

function isName(text: string): boolean {
  const labels = text.split('.');
  if (text.length > MAX_HOST_LENGTH) return false;
  if (!labels.every(label => label.length <= MAX_LABEL_LENGTH && isLabel(label))) return false;
  return !/^(?:[0-9]+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '') || isIPv4(text);
}
