import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileFault } from './fault.ts';

/**
 * Writes a file so that a reader sees the old one or the new one, never a half: into a file beside it, flushed, then
 * renamed over it. That file always has the same name, so that kills leave one behind at most. Throws `CommandFault`.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.new`);
  try {
    // One that a kill left has the rights of then.
    await rm(beside, { force: true });
    const file = await open(beside, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw fileFault('write', path, error);
  }
}
