import type { Environment } from '../config/command-line.ts';
import type { ProxySettings } from '../registry/settings.ts';
import { CommandFault } from './fault.ts';

/**
 * The proxies that the environment names (R5.20): https and http have one each, the lower-case form of a variable wins.
 * Throws `CommandFault` for what is no proxy; the value is not shown, it may hold a password.
 */
export function proxySettings(env: Environment, trust: ProxySettings['trust']): ProxySettings {
  const faults: string[] = [];
  const proxy = (name: string): string | undefined => {
    const variable = env[name.toLowerCase()] ? name.toLowerCase() : name;
    const value = env[variable];
    if (!value) return undefined;
    const url = proxyUrl(value.trim());
    if (url === undefined) faults.push(`${variable}: expected a proxy as http://host:port or host:port`);
    return url;
  };
  const [https, http] = [proxy('HTTPS_PROXY'), proxy('HTTP_PROXY')];
  if (faults.length > 0) throw new CommandFault(faults);
  const noProxy = env['no_proxy'] || env['NO_PROXY'];
  return { ...(https && { https }), ...(http && { http }), ...(noProxy && { noProxy }), trust };
}

/** `proxy.corp:3128` is what many write; the scheme that tools take it to have is http. */
function proxyUrl(value: string): string | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url.href : undefined;
}
