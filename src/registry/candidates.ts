import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { HUB_HOST, isHubHost } from '../reference/hub.ts';
import type { Credential } from './credentials.ts';
import { Recent } from './recent.ts';
import type { HostSettings, RegistrySettings } from './settings.ts';
import type { Keyring, PullSource } from './types.ts';

/** What says whose wish counts at a host. */
export type WishSettings = Pick<RegistrySettings, 'host' | 'tenantInsecure'>;

type Source = Pick<PullSource, 'host' | 'repository' | 'insecure' | 'unverified' | 'credentialsOf'>;

const HOUR_MS = 3_600_000;
const MAX_HOSTS = 10_000;

/** Design D25: whether a tenant's wish for `insecure` counts at a host. */
export function honoursInsecure({ listed }: HostSettings, policy: RegistrySettings['tenantInsecure']): boolean {
  return policy === 'allow' || (policy === 'listedHosts' && listed);
}

/**
 * Who may ask at a source, best first. A tenant may show its own credentials to whoever answers there. Those of an
 * administrator go only to a host that proves who it is, or that the administrator has written down.
 */
export function candidatesAt(source: Source, keyring: Keyring, settings: WishSettings): readonly Credential[] {
  const all = offered(source, keyring);
  return anybodyMayAnswer(source, settings) ? all.filter(({ guarded }) => guarded !== true) : all;
}

/** The same for whoever asks, and tells once an hour where something is withheld: nothing else shows why. */
export class Candidates {
  readonly #settings: WishSettings;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #warned: Recent<true>;

  constructor(settings: WishSettings, clock: Clock, log: Logger) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#warned = new Recent(clock, MAX_HOSTS);
  }

  at(source: Source, keyring: Keyring): readonly Credential[] {
    const shown = candidatesAt(source, keyring, this.#settings);
    if (source.insecure && shown.length < offered(source, keyring).length) this.#warn(source.host);
    return shown;
  }

  #warn(host: string): void {
    if (this.#warned.get(host) !== undefined) return;
    this.#warned.set(host, true, this.#clock.now() + HOUR_MS);
    this.#log.warn(
      { host },
      'insecure was asked for: the default pull secret is not shown to a registry that nobody verified or listed',
    );
  }
}

function offered({ host, repository, credentialsOf }: Source, keyring: Keyring): readonly Credential[] {
  const at = credentialsOf ?? { host, repository };
  return keyring.candidates(isHubHost(at.host) ? HUB_HOST : at.host, at.repository);
}

/** Whether it is a tenant's wish alone that nobody verifies who answers. A file that says so names the host. */
function anybodyMayAnswer({ host, insecure, unverified }: Source, settings: WishSettings): boolean {
  if (!insecure || unverified === true) return false;
  const of = settings.host(host);
  return !of.listed && honoursInsecure(of, settings.tenantInsecure);
}
