import { isIP } from 'node:net';
import { bareHost, portOf } from './host-names.ts';
import { inRanges, isLoopback } from './safety.ts';
import type { ProxySettings } from './settings.ts';

/**
 * The proxy to reach a URL through, or `undefined` to go there directly (R5.20, R5.21). https and http have a proxy
 * each, and neither stands in for the other.
 */
export function proxyFor(url: URL, settings: ProxySettings): string | undefined {
  const proxy = url.protocol === 'https:' ? settings.https : settings.http;
  if (proxy === undefined || proxy === '') return undefined;
  const host = bareHost(url);
  if (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)) return undefined;
  const entries = (settings.noProxy ?? '').split(',').map(entry => entry.trim().toLowerCase());
  return entries.some(entry => matches(entry, host, portOf(url))) ? undefined : proxy;
}

/**
 * Whether the host of a URL must not be asked for through the proxy (R5.23): the proxy resolves names where we can't
 * see it, so names of the inside are refused unless it is trusted with them.
 */
export function refusedThroughProxy(url: URL, settings: ProxySettings, clusterDomain: string): boolean {
  if (settings.trust === 'trusted') return false;
  const host = bareHost(url);
  const suffixes = [clusterDomain.toLowerCase().replace(/^\.|\.$/g, ''), 'svc', 'local', 'internal'];
  // A name of one label is completed by whoever resolves it, which makes it one of the inside.
  if (!host.includes('.') && isIP(host) === 0) return true;
  return suffixes.some(suffix => suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`)));
}

/**
 * One entry of NO_PROXY:
 *
 *   *                    everything
 *   10.0.0.0/8, ::1      addresses
 *   example.com          the name and all below it; with :5000 on that port alone
 *   .example.com         only what is below
 */
function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry === '') return false;
  if (isIP(host) !== 0 && inRanges(host, [entry])) return true;
  const [, name = '', wantedPort] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
  if (isIP(host) !== 0) return wantedPort !== undefined && !name.includes('/') && inRanges(host, [name]);
  const suffix = name.replace(/^\*(?=\.)/, '').replace(/(?<=.)\.$/, '');
  return suffix.startsWith('.')
    ? host.endsWith(suffix) && suffix !== '.'
    : host === suffix || host.endsWith(`.${suffix}`);
}
