import { isIPv6 } from 'node:net';

/** Where an entry of a docker config is valid: `host[:port]` and the beginning of a path. */
export interface Location {
  /** Host, without port; labels may hold `*`. An IPv6 address keeps its brackets. */
  readonly host: string;
  /** "" when none is written: a port never matches its absence (R3.11). */
  readonly port: string;
  /** "" or `/path`. */
  readonly path: string;
  /** `host[:port]/path`, what keys are sorted by. */
  readonly key: string;
}

const LABEL = /^[A-Za-z0-9*][A-Za-z0-9_*-]*$/;

/**
 * Takes a location of a docker config apart (R3.8). `undefined` for what names no host. `strict` keeps what the kubelet
 * tells apart and we don't (R3.9): case of the host, a trailing slash, `/v1` without one.
 */
export function parseLocation(text: string, strict: boolean): Location | undefined {
  // The kubelet parses a location as a URL, so it sees nothing from ? or # on.
  const written = text.replace(strict ? /^https?:\/\// : /^https?:\/\//i, '').replace(/[?#].*$/s, '');
  const slash = written.indexOf('/');
  const address = splitPort(slash < 0 ? written : written.slice(0, slash));
  const path = parsePath(slash < 0 ? '' : written.slice(slash), strict);
  if (address === undefined || path === undefined) return undefined;
  const host = strict ? address.host : address.host.toLowerCase();
  return { host, port: address.port, path, key: `${host}${address.port === '' ? '' : `:${address.port}`}${path}` };
}

/** Host and port of `host[:port]`, or `undefined` when it is none. */
export function splitPort(text: string): { readonly host: string; readonly port: string } | undefined {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text);
  if (parts === null) return undefined;
  const [, host = '', port = ''] = parts;
  const isName = host.split('.').every(label => LABEL.test(label));
  return isName || (host.startsWith('[') && isIPv6(host.slice(1, -1))) ? { host, port } : undefined;
}

function parsePath(written: string, strict: boolean): string | undefined {
  if (/[\s\p{Cc}]/u.test(written)) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(written);
  } catch {
    return undefined;
  }
  // The version of the registry API is no part of a repository's name.
  path = path.replace(strict ? /^\/v[12](?=\/)/ : /^\/v[12](?=\/|$)/, '');
  if (path === '/') return '';
  return strict ? path : path.replace(/\/$/, '');
}

/** Whether a location covers an image (R3.11, R3.12). The path is a plain prefix, as it is for the kubelet. */
export function covers(location: Location, host: string, port: string, path: string): boolean {
  if (location.port !== port || !path.startsWith(location.path)) return false;
  if (location.host.startsWith('[') || host.startsWith('[')) return location.host === host;
  const patterns = location.host.split('.');
  const labels = host.split('.');
  return patterns.length === labels.length && patterns.every((pattern, n) => matchesLabel(pattern, labels[n] ?? ''));
}

/** Whether a pattern with `*` for any run of characters matches a label: piece after piece, so never slow. */
function matchesLabel(pattern: string, label: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === label;
  if (!label.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = label.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return label.length - last.length >= at && label.endsWith(last);
}
