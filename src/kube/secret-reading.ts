import type { TypedObject } from '../api/meta.ts';
import type { Logger } from '../log.ts';
import { isNotFound, isTooLarge } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { SECRETS } from './resource.ts';
import { isExcludedSecret } from './secret-index.ts';

/** A pull secret, as far as credentials are read from it. They are for whoever decodes them, and for nobody's log. */
export type PullSecret = TypedObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> };

/** Where each type keeps its credentials. */
const DATA_KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
};

export const PULL_SECRET_TYPES: readonly string[] = Object.keys(DATA_KEYS);

/** Of one namespace, in the order of their names; a pull tries ten credentials at most. */
const MAX_SECRETS = 200;
/** Of one namespace, encoded: what is read stays in memory, and anybody may fill a namespace. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const AT_ONCE = 4;

/**
 * Reads pull secrets by name. Those that are gone or no longer count are left out; so are, with a line in the log, those
 * that there is no room for. Throws what the client throws: without all of them a failure would be a wrong one.
 */
export async function readSecrets(
  { client, log }: { readonly client: Pick<KubeClient, 'get'>; readonly log: Logger },
  namespace: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly PullSecret[]> {
  const skip = (name: string, why: string) => {
    log.warn({ secret: `${namespace}/${name}`, why }, 'A pull secret was skipped');
  };
  const get = async (name: string): Promise<PullSecret | undefined> => {
    try {
      const secret = await client.get<PullSecret>({ resource: SECRETS, namespace, name }, signal);
      const key = DATA_KEYS[secret.type ?? ''];
      // Only who names a secret can name one of another type: the administrator.
      if (key === undefined) skip(name, 'its type is none of a pull secret');
      return key === undefined || isExcludedSecret(secret.metadata) ? undefined : essence(secret, key);
    } catch (error) {
      if (isTooLarge(error)) skip(name, 'it is too large');
      // When it is gone the watch is about to say so.
      else if (!isNotFound(error)) throw error;
      return undefined;
    }
  };
  for (const name of names.slice(MAX_SECRETS)) skip(name, `only ${MAX_SECRETS} of a namespace are read`);
  const read: PullSecret[] = [];
  let characters = 0;
  const asked = names.slice(0, MAX_SECRETS);
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    for (const secret of await Promise.all(asked.slice(at, at + AT_ONCE).map(get))) {
      if (secret === undefined) continue;
      const size = sizeOf(secret);
      if (characters + size > MAX_CHARACTERS) skip(secret.metadata.name ?? '', 'those of its namespace are too large');
      else read.push(secret);
      characters = Math.min(characters + size, MAX_CHARACTERS);
    }
  }
  return read;
}

/** What is needed of a Secret. What was applied last stands in an annotation, too, and other keys are none of ours. */
function essence({ metadata, type = '', data }: PullSecret, key: string): PullSecret {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata;
  const value = data?.[key];
  return {
    metadata: { namespace, name, uid, resourceVersion },
    type,
    ...(value !== undefined && { data: { [key]: value } }),
  };
}

function sizeOf({ data = {} }: PullSecret): number {
  return Object.values(data).reduce((sum, value) => sum + String(value).length, 0);
}
