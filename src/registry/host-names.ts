/** Host name of a URL for comparing: without brackets and without the dot that ends a full name. */
export function bareHost(url: URL): string {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** Port of an http or https URL, the scheme's own included. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

/**
 * Whether an administrator's list names the URL's host: `auth.example.com` with whatever port, or
 * `auth.example.com:8443` with just that one.
 */
export function listsHost(list: readonly string[], url: URL): boolean {
  return list.some(entry => {
    const listed = URL.parse(`https://${entry}`);
    if (listed === null || bareHost(listed) !== bareHost(url)) return false;
    return !/:\d+$/.test(entry) || Number(/\d+$/.exec(entry)?.[0]) === portOf(url);
  });
}

/**
 * Whether a host that a registry names (realm, redirect) may be reached on its port (R6.5): 443, the port of the
 * registry, any port of the registry's own host, or what the administrator listed. 80 is for registries over http.
 */
export function portAllowed(target: URL, registry: URL, listed: readonly string[]): boolean {
  const port = portOf(target);
  if (port === 443 || port === portOf(registry)) return true;
  if (port === 80 && registry.protocol === 'http:') return true;
  return bareHost(target) === bareHost(registry) || listsHost(listed, target);
}

/**
 * The host that a key of a trust ConfigMap stands for (R5.16): keys can't hold a colon, so `reg.example.com..5000` is
 * written for `reg.example.com:5000`.
 */
export function hostOfTrustKey(key: string): string {
  return key.replace(/\.\.(\d{1,5})$/, ':$1').toLowerCase();
}
