import type { HostSettings } from './settings.ts';
import type { Target } from './target.ts';

/** Where the requests for one repository go, and on what terms. */
export interface Endpoint {
  /** Logical host: `docker.io`. */
  readonly host: string;
  /** Origin to connect to: `https://registry-1.docker.io`. */
  readonly origin: URL;
  /** The same, taken apart. */
  readonly root: Target;
  readonly settings: HostSettings;
  /** False skips certificate verification (R0.12). */
  readonly verify: boolean;
  /** Whether credentials may be sent: always over https, over http as the settings say (R5.19). */
  readonly sendsCredentials: boolean;
  readonly hub: boolean;
  /** Names it in everything that is remembered of it: what was learned without verification stays apart. */
  readonly key: string;
}
