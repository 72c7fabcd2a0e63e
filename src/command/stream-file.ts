import { access } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ImageStream } from '../api/image-stream.ts';
import { CommandFault, fileFault } from './fault.ts';
import { readStreamFile } from './input.ts';
import { toYaml } from './output.ts';
import { replaceFile } from './replace-file.ts';

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

/** Writes a stream; a reader sees the old file or the new one. Throws `CommandFault`. */
export function writeStreamFile(path: string, stream: ImageStream): Promise<void> {
  return replaceFile(path, toYaml(stream), 0o644);
}
