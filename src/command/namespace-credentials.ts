import type { EventSink } from '../controller/announcer.ts';
import type { Credentials, Identity } from '../controller/tag-imports.ts';
import type { PullSecret, PullSecrets } from '../kube/pull-secrets.ts';
import type { Logger } from '../log.ts';
import { readPullSecrets } from '../registry/docker-config.ts';
import { createKeyring, joinKeyrings } from '../registry/keyring.ts';
import type { Keyring } from '../registry/types.ts';
import { processFingerprint } from './credential-files.ts';

export interface NamespaceCredentialsParts {
  readonly secrets: Pick<PullSecrets, 'forNamespace' | 'defaults'>;
  /** Whether locations are matched exactly as the kubelet does (R3.9). */
  readonly strict: () => boolean;
  readonly events: EventSink;
  readonly log: Logger;
}

/**
 * Whose credentials a namespace's imports may use (design D18): its own pull secrets, then the administrator's, then
 * none. A malformed secret is skipped, and only that one (design D27).
 */
export class NamespaceCredentials implements Credentials {
  readonly #parts: NamespaceCredentialsParts;
  /** Made once for each reading of the secrets: most checks find it made. */
  readonly #keyrings = new WeakMap<readonly PullSecret[], Keyring>();

  constructor(parts: NamespaceCredentialsParts) {
    this.#parts = parts;
  }

  async forNamespace(namespace: string, signal: AbortSignal): Promise<Identity> {
    const { secrets } = this.#parts;
    const [own, defaults] = await Promise.all([secrets.forNamespace(namespace, signal), secrets.defaults(signal)]);
    const withoutSecrets = this.#keyring(defaults);
    if (own.length === 0) return { keyring: withoutSecrets };
    return { keyring: joinKeyrings([this.#keyring(own), withoutSecrets]), withoutSecrets };
  }

  #keyring(secrets: readonly PullSecret[]): Keyring {
    const known = this.#keyrings.get(secrets);
    if (known !== undefined) return known;
    const strict = this.#parts.strict();
    const configs = secrets.flatMap(secret => {
      const read = readPullSecrets([secret], { strict });
      for (const warning of read.warnings) this.#warn(secret, warning);
      return read.configs;
    });
    const keyring = createKeyring(configs, { fingerprint: processFingerprint, strict });
    this.#keyrings.set(secrets, keyring);
    return keyring;
  }

  /** Warnings name what is wrong and quote nothing. */
  #warn({ metadata }: PullSecret, note: string): void {
    const { namespace = '', name = '', uid = '' } = metadata;
    const { log, events } = this.#parts;
    log.warn({ secret: `${namespace}/${name}`, why: note }, 'A pull secret, or an entry of it, was skipped');
    const regarding = { apiVersion: 'v1', kind: 'Secret', namespace, name, uid };
    events.event({ regarding, type: 'Warning', reason: 'PullSecretSkipped', action: 'Import', note });
  }
}
