/** Where a request goes. */
export interface Address {
  /** Decoded, without empty ones: `['api', 'v1', 'namespaces', 'demo']`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * Reads what stands in a request line. Undefined for what no client of ours sends: another host's URL, segments that
 * are empty, lead elsewhere (`..`) or hide a separator.
 */
export function readAddress(url: string): Address | undefined {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  if (!path.startsWith('/')) return undefined;
  // One slash at the end changes nothing.
  const parts = path.slice(1).replace(/\/$/, '').split('/');
  const segments = path === '/' ? [] : parts.map(decoded);
  if (!segments.every(isPlain)) return undefined;
  return { segments, query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)) };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isPlain(segment: string | undefined): segment is string {
  if (segment === undefined || segment === '' || segment === '.' || segment === '..') return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[/\\%\u0000-\u001f\u007f]/.test(segment);
}
