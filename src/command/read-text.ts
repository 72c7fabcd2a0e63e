import { createReadStream } from 'node:fs';
import { fileFault } from './fault.ts';

/** More than is understood of any file. */
const ENOUGH_BYTES = 9 * 1024 * 1024;

/** The text of a file, or of standard input for `-`; of one that does not end, enough to be refused for its size. */
export async function readText(path: string, stdin: NodeJS.ReadableStream): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of path === '-' ? stdin : createReadStream(path)) {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
      if (length > ENOUGH_BYTES) break;
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw fileFault('read', sourceName(path), error);
  }
}

/** What a file is called in messages. */
export function sourceName(path: string): string {
  return path === '-' ? 'standard input' : path;
}
