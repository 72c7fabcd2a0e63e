import { isIP, isIPv4, isIPv6 } from 'node:net';
import { formatDuration, parseDuration } from '../api/duration.ts';
import type { ListenAddress, NamespacedName, OptionRow } from './options.ts';

/** Undefined is a value, too: of what is switched off. */
export type OptionValue =
  | string
  | number
  | boolean
  | { readonly intervalMs: number | undefined }
  | readonly string[]
  | NamespacedName
  | ListenAddress
  | undefined;

type Read = { readonly value: OptionValue } | { readonly expected: string };

/** The value that a text says, or what was expected in its place. `text` is undefined for an option that stands alone. */
export function readValue(row: OptionRow, text: string | undefined): Read {
  switch (row.type) {
    case 'flag':
      return readFlag(text);
    case 'text':
      return text ? { value: text } : { expected: `expected ${row.value ?? 'a value'}` };
    case 'choice':
      return text !== undefined && row.choices?.includes(text)
        ? { value: text }
        : { expected: `expected ${listed(row.choices ?? [])}` };
    case 'count':
      return readCount(row, text);
    case 'interval':
      return readInterval(row, text);
    case 'optionalInterval': {
      if (text === undefined) return { value: { intervalMs: undefined } };
      const read = readInterval(row, text);
      return 'value' in read ? { value: { intervalMs: Number(read.value) } } : read;
    }
    case 'platform':
      return text !== undefined && PLATFORM.test(text)
        ? { value: text }
        : { expected: 'expected <os>/<architecture>, such as linux/amd64' };
    case 'namespace':
      return isLabel(text) ? { value: text } : { expected: 'expected the name of a namespace' };
    case 'namespaces':
      return readNamespaces(text);
    case 'namespacedName':
      return readNamespacedName(text);
    case 'registry':
      return text !== undefined && REGISTRY.test(text)
        ? { value: text }
        : { expected: 'expected a host with or without a port, such as registry.example.com:5000' };
    case 'address':
      return readAddress(text);
    case 'host':
      return text !== undefined && isIP(text) !== 0
        ? { value: text }
        : { expected: 'expected an IP address, such as 127.0.0.1 or ::1' };
    case 'port': {
      const read = readCount(row, text);
      const isPort = 'value' in read && Number(read.value) <= 65_535;
      return isPort ? read : { expected: 'expected a port, from 0 to 65535' };
    }
    case 'files':
      return text ? { value: [text] } : { expected: 'expected a file' };
  }
}

const PLATFORM = /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/;

function readFlag(text: string | undefined): Read {
  if (text === undefined || text === 'true') return { value: true };
  return text === 'false' ? { value: false } : { expected: 'expected true or false' };
}

function readCount(row: OptionRow, text: string | undefined): Read {
  const min = row.min ?? 0;
  const count = text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return count >= min ? { value: count } : { expected: `expected a whole number from ${min} on` };
}

function readInterval(row: OptionRow, text: string | undefined): Read {
  const min = row.min ?? 0;
  if (row.zero && text !== undefined && /^0(h|ms|m|s)?$/.test(text)) return { value: 0 };
  const ms = parseDuration(text ?? '');
  if (ms !== undefined && ms >= min) return { value: ms };
  const atLeast = min > 0 ? ` of at least ${formatDuration(min)}` : '';
  return { expected: `expected a duration${atLeast}, such as 90s, 15m or 1h30m${row.zero ? ', or 0' : ''}` };
}

/** RFC 1123: namespaces are labels, Secrets are names of labels with dots. */
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const REGISTRY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(:\d{1,5})?$/;

function isLabel(text: string | undefined): text is string {
  return text !== undefined && text.length <= 63 && LABEL.test(text);
}

function isObjectName(text: string | undefined): text is string {
  return text !== undefined && text.length <= 253 && text.split('.').every(part => LABEL.test(part));
}

function readNamespaces(text: string | undefined): Read {
  const names = (text ?? '').split(',').map(name => name.trim());
  if (!names.every(isLabel)) return { expected: 'expected names of namespaces, such as team-a,team-b' };
  return { value: [...new Set(names)] };
}

function readNamespacedName(text: string | undefined): Read {
  const [namespace, name, ...more] = (text ?? '').split('/');
  if (isLabel(namespace) && isObjectName(name) && more.length === 0) return { value: { namespace, name } };
  return { expected: 'expected NAMESPACE/NAME, such as platform/registry-credentials' };
}

function readAddress(text: string | undefined): Read {
  if (text === 'off') return { value: undefined };
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text ?? '') ?? [];
  const port = digits === '' ? Number.NaN : Number(digits);
  const isHost = bracketed === undefined ? plain === '' || isIPv4(plain ?? '') || isName(plain) : isIPv6(bracketed);
  if (!(port <= 65_535) || !isHost)
    return { expected: 'expected [HOST]:PORT, such as :8080 or 127.0.0.1:8080, or off' };
  const host = bracketed ?? plain ?? '';
  return { value: host === '' ? { port } : { host, port } };
}

function isName(text: string | undefined): boolean {
  // What looks like an address and is none would be looked up as a name, much later.
  return text !== undefined && /^[A-Za-z][-A-Za-z0-9.]*$/.test(text);
}

function listed(choices: readonly string[]): string {
  return [choices.slice(0, -1).join(', '), ...choices.slice(-1)].filter(part => part !== '').join(' or ');
}
