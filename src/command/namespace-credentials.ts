import type { Credentials, Identity } from '../controller/tag-imports.ts';
import { readPullSecrets } from '../registry/docker-config.ts';
import { createKeyring, joinKeyrings } from '../registry/keyring.ts';
import type { Keyring } from '../registry/types.ts';
import { processFingerprint } from './credential-files.ts';

/** Pull secrets as they are stored, of a namespace or of an administrator; the same array while nothing changed. */
export interface PullSecretSource {
  forNamespace(namespace: string, signal: AbortSignal): Promise<readonly unknown[]>;
  /** Of `--default-pull-secret`; empty without one. */
  defaults(signal: AbortSignal): Promise<readonly unknown[]>;
}

/**
 * Whose credentials a namespace's imports may use (design D18): its own pull secrets, then the administrator's, then
 * none. What is wrong with a secret is told by whoever read it.
 */
export class NamespaceCredentials implements Credentials {
  readonly #source: PullSecretSource;
  readonly #strict: () => boolean;
  readonly #keyrings = new WeakMap<readonly unknown[], Keyring>();

  /** `strict` matches as the kubelet does (R3.9). */
  constructor(source: PullSecretSource, strict: () => boolean) {
    this.#source = source;
    this.#strict = strict;
  }

  async forNamespace(namespace: string, signal: AbortSignal): Promise<Identity> {
    const [own, defaults] = await Promise.all([
      this.#source.forNamespace(namespace, signal),
      this.#source.defaults(signal),
    ]);
    const withoutSecrets = this.#keyring(defaults);
    if (own.length === 0) return { keyring: withoutSecrets };
    return { keyring: joinKeyrings([this.#keyring(own), withoutSecrets]), withoutSecrets };
  }

  /** Made once for each reading of the secrets: most checks find it made. */
  #keyring(secrets: readonly unknown[]): Keyring {
    const known = this.#keyrings.get(secrets);
    if (known !== undefined) return known;
    const strict = this.#strict();
    const { configs } = readPullSecrets(secrets, { strict });
    const keyring = createKeyring(configs, { fingerprint: processFingerprint, strict });
    this.#keyrings.set(secrets, keyring);
    return keyring;
  }
}
