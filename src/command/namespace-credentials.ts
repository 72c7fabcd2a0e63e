import type { EventSink } from '../controller/announcer.ts';
import type { Credentials, Identity } from '../controller/tag-imports.ts';
import type { HeldSecrets, PullSecret, PullSecrets } from '../kube/pull-secrets.ts';
import type { Logger } from '../log.ts';
import { type DockerConfig, readPullSecrets } from '../registry/docker-config.ts';
import { createKeyring, joinKeyrings } from '../registry/keyring.ts';
import type { Keyring } from '../registry/types.ts';
import { emptyKeyring, processFingerprint } from './credential-files.ts';
import { rememberingKeyring } from './remembering-keyring.ts';

export interface NamespaceCredentialsParts {
  readonly secrets: Pick<PullSecrets, 'forNamespace' | 'defaults' | 'held'>;
  /** Whether locations are matched exactly as the kubelet does (R3.9). */
  readonly strict: () => boolean;
  readonly events: EventSink;
  readonly log: Logger;
}

/** Of one namespace. Every check goes through them, and whoever may write Secrets could make that a long way. */
const MAX_ENTRIES = 1_000;
/** Of one secret; the others are counted. */
const MAX_WARNINGS = 3;
const NOBODY = emptyKeyring();

/**
 * Whose credentials a namespace's imports may use (design D18): its own pull secrets, then the administrator's, then
 * none. A malformed secret is skipped, and only that one (design D27).
 */
export class NamespaceCredentials implements Credentials {
  readonly #parts: NamespaceCredentialsParts;
  /** Made once for each reading of the secrets: most checks find it made. */
  readonly #keyrings = new WeakMap<readonly PullSecret[], { readonly strict: boolean; readonly keyring: Keyring }>();

  constructor(parts: NamespaceCredentialsParts) {
    this.#parts = parts;
  }

  async forNamespace(namespace: string, signal: AbortSignal): Promise<Identity> {
    const { secrets } = this.#parts;
    signal.throwIfAborted();
    const { own, defaults } = secrets.held(namespace) ?? (await this.#read(namespace, signal));
    const withoutSecrets = this.#keyring(defaults, { guarded: true });
    if (own.length === 0) return { keyring: withoutSecrets };
    return { keyring: joinKeyrings([this.#keyring(own, { guarded: false }), withoutSecrets]), withoutSecrets };
  }

  async #read(namespace: string, signal: AbortSignal): Promise<HeldSecrets> {
    const { secrets } = this.#parts;
    const [own, defaults] = await Promise.all([secrets.forNamespace(namespace, signal), secrets.defaults(signal)]);
    return { own, defaults };
  }

  #keyring(secrets: readonly PullSecret[], { guarded }: { readonly guarded: boolean }): Keyring {
    if (secrets.length === 0) return NOBODY;
    const strict = this.#parts.strict();
    const known = this.#keyrings.get(secrets);
    // The registries file may have been changed since.
    if (known?.strict === strict) return known.keyring;
    const configs = this.#configs(secrets, strict);
    const keyring = rememberingKeyring(createKeyring(configs, { fingerprint: processFingerprint, strict, guarded }));
    this.#keyrings.set(secrets, { strict, keyring });
    return keyring;
  }

  #configs(secrets: readonly PullSecret[], strict: boolean): readonly DockerConfig[] {
    const configs: DockerConfig[] = [];
    let room = MAX_ENTRIES;
    for (const secret of secrets) {
      // What there is no room for is not even read.
      const read = room === 0 ? { configs: [], warnings: [] } : readPullSecrets([secret], { strict });
      const entries = read.configs.flatMap(config => config.entries);
      configs.push({ entries: entries.slice(0, room) });
      const isCut = room === 0 || entries.length > room;
      room = Math.max(0, room - entries.length);
      this.#warn(secret, isCut ? [`only ${MAX_ENTRIES} entries of a namespace are used`] : read.warnings);
    }
    return configs;
  }

  /** Warnings name what is wrong and quote nothing. */
  #warn({ metadata }: PullSecret, warnings: readonly string[]): void {
    const { namespace = '', name = '', uid = '' } = metadata;
    const { log, events } = this.#parts;
    const more = warnings.length - MAX_WARNINGS;
    for (const note of [...warnings.slice(0, MAX_WARNINGS), ...(more > 0 ? [`and ${more} more entries`] : [])]) {
      log.warn({ secret: `${namespace}/${name}`, why: note }, 'A pull secret, or an entry of it, was skipped');
      const regarding = { apiVersion: 'v1', kind: 'Secret', namespace, name, uid };
      events.event({ regarding, type: 'Warning', reason: 'PullSecretSkipped', action: 'Import', note });
    }
  }
}
