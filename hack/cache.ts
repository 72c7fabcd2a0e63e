import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where programs of others are kept that were fetched or built, outside the clone. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'imagestream-operator');
}

/**
 * Has `make` fill a folder, and moves that to `<cache>/<name>` in one step: an interrupted run leaves nothing half done,
 * and of two runs at once the first one's stays.
 */
export async function makeCached(name: string, make: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'making-'));
  try {
    await make(work);
    await rename(work, join(cacheFolder(), name));
  } catch (error) {
    if (!isThere(error)) throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function isThere(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
}
