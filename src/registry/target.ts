/** Where a request goes. A URL makes its parts anew whenever one asks for them, and each request asks often. */
export interface Target {
  /** `https://registry-1.docker.io` */
  readonly origin: string;
  /** `host[:port]` */
  readonly host: string;
  /** Over http. */
  readonly plain: boolean;
  /** With its query, as it goes out. */
  readonly path: string;
}

export function targetOf(url: URL): Target {
  return { origin: url.origin, host: url.host, plain: url.protocol === 'http:', path: url.pathname + url.search };
}

export function urlOf({ origin, path }: Target): URL {
  return new URL(origin + path);
}
