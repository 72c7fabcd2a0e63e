import type { Keyring } from '../registry/types.ts';

/** Repositories whose candidates are kept; the tags of one are due together, so a few are enough. */
const MAX_REMEMBERED = 256;

/** The keyring, which looks through its entries once for a repository: each check asks it several times. */
export function rememberingKeyring(keyring: Keyring): Keyring {
  const remembered = new Map<string, ReturnType<Keyring['candidates']>>();
  return {
    candidates(host, repository) {
      const key = `${host}/${repository}`;
      const known = remembered.get(key);
      if (known !== undefined) return known;
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      const candidates = keyring.candidates(host, repository);
      remembered.set(key, candidates);
      return candidates;
    },
  };
}
