import { access, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ImageStream } from '../api/image-stream.ts';
import { CommandFault, fileFault } from './fault.ts';
import { readStreamFile } from './input.ts';
import { toYaml } from './output.ts';

/** The stream that an earlier run kept, or undefined when there was none. Throws `CommandFault`. */
export async function readSavedStream(path: string): Promise<ImageStream | undefined> {
  if (path === '-') {
    throw new CommandFault(['--stream-out: "-": expected a file; -o yaml prints to standard output']);
  }
  try {
    await access(path);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw fileFault('read', path, error);
  }
  return readStreamFile(path, Readable.from([]));
}

/**
 * Writes a stream so that a reader sees the old file or the new one, never a half: into a file beside it, flushed, then
 * renamed over it. That file always has the same name, so that kills leave one behind at most. Throws `CommandFault`.
 */
export async function writeStreamFile(path: string, stream: ImageStream): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.new`);
  try {
    const file = await open(beside, 'w', 0o644);
    try {
      await file.writeFile(toYaml(stream));
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
