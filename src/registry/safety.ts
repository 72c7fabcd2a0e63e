import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * How far inside an address lies (R6.1). `local` is what no registry is ever at, but for loopback on a developer's
 * machine: the machine itself, its link, its cloud's metadata service, and addresses that belong to nobody.
 */
export type AddressClass = 'public' | 'private' | 'local';

type Range = readonly [address: string, prefix: number];

const LOCAL_V4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Metadata services outside the link-local range: Alibaba, Azure.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
];

const PRIVATE_V4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // Benchmarking; virtual networks use it as if it were theirs.
  ['198.18.0.0', 15],
];

const LOCAL_V6: readonly Range[] = [
  ['2001::', 32],
  ['2001:db8::', 32],
  ['3fff::', 20],
  // Metadata services of AWS and Google.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
];

const PRIVATE_V6: readonly Range[] = [['fc00::', 7]];
const GLOBAL_V6: readonly Range[] = [['2000::', 3]];

const LOCAL = listOf(LOCAL_V4, LOCAL_V6);
const PRIVATE = listOf(PRIVATE_V4, PRIVATE_V6);
const GLOBAL = listOf([], GLOBAL_V6);

/**
 * The class of an IPv4 or IPv6 address (R6.1). An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as
 * itself. `extraPrivate` are CIDRs that count as private: pods, services; they open nothing that is local. What is no
 * address is `local`: refused rather than guessed.
 */
export function addressClass(ip: string, extraPrivate: readonly string[] = []): AddressClass {
  const address = ip.replace(/%.*$/s, '');
  const family = isIP(address);
  if (family === 0) return 'local';
  if (family === 6) {
    const groups = groupsOf(address);
    const inner = embeddedAddress(groups);
    if (inner !== undefined) return addressClass(inner, extraPrivate);
  }
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (LOCAL.check(address, type)) return 'local';
  if (PRIVATE.check(address, type) || inRanges(address, extraPrivate)) return 'private';
  return family === 4 || GLOBAL.check(address, type) ? 'public' : 'local';
}

/** Whether an address is the machine's own (127/8, ::1, also written as IPv6), unlike the rest of `local`. */
export function isLoopback(ip: string): boolean {
  if (isIPv4(ip)) return ip.startsWith('127.');
  if (!isIPv6(ip)) return false;
  const groups = groupsOf(ip);
  const inner = embeddedAddress(groups);
  return inner === undefined ? groups.join(':') === '0:0:0:0:0:0:0:1' : isLoopback(inner);
}

/**
 * The address that a URL's host name is, without brackets and trailing dot, or `undefined` for a name. Such hosts are
 * never looked up, so they are checked before the request (R6.4). Takes `URL.hostname`, which has already folded
 * spellings like `0x7f.1` and `2852039166`.
 */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/s, '$1').replace(/\.$/, '');
  return isIP(bare) === 0 ? undefined : bare;
}

/**
 * One spelling for each address, to compare by: an IPv6 address as its eight groups, an IPv4 address inside one (mapped,
 * NAT64, 6to4) as itself. What is no address stays as it is.
 */
export function canonicalAddress(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const groups = groupsOf(ip);
  return embeddedAddress(groups) ?? groups.join(':');
}

/** Whether an address lies in one of the CIDRs or is one of the addresses. Texts that are neither match nothing. */
export function inRanges(ip: string, ranges: readonly string[]): boolean {
  const type = isIPv4(ip) ? 'ipv4' : 'ipv6';
  return ranges.some(text => {
    const range = parseRange(text);
    return range !== undefined && isIPv4(range[0]) === (type === 'ipv4') && listOf([range], []).check(ip, type);
  });
}

function parseRange(text: string): Range | undefined {
  const [address = '', prefix, ...rest] = text.trim().replace(/[[\]]/g, '').split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || rest.length > 0) return undefined;
  if (prefix === undefined) return [address, bits];
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? [address, Number(prefix)] : undefined;
}

function listOf(first: readonly Range[], second: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of [...first, ...second]) {
    list.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** The eight groups of an IPv6 address as hex without leading zeros. */
function groupsOf(ip: string): readonly string[] {
  const [host = ''] = ip.split('%');
  // URL writes every IPv6 address in hex, also what ends in dotted decimals.
  const written = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = written.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}

/**
 * The IPv4 address that an IPv6 address stands for:
 *
 *   ::ffff:a.b.c.d, ::ffff:0:a.b.c.d   mapped, translated
 *   64:ff9b::a.b.c.d, 64:ff9b:1:…      NAT64, public and site-local prefix
 *   2002:aabb:ccdd::                   6to4
 */
function embeddedAddress(groups: readonly string[]): string | undefined {
  const text = groups.join(':');
  if (groups[0] === '2002') return dotted(groups[1], groups[2]);
  const isCarrier = /^0:0:0:0:(?:0:ffff|ffff:0):|^64:ff9b:0:0:0:0:|^64:ff9b:1:/.test(text);
  return isCarrier ? dotted(groups[6], groups[7]) : undefined;
}

function dotted(high = '0', low = '0'): string {
  const [h, l] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [h >> 8, h & 255, l >> 8, l & 255].join('.');
}
