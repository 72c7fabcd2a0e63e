import type { Dispatcher } from 'undici';

/** A body that went on after all that is accepted of it. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';

  constructor(capBytes: number) {
    super(`more than ${capBytes} bytes`);
  }
}

type Body = Dispatcher.ResponseData['body'];

/** Reads a body to its end as text. Throws `BodyTooLarge`, or what the stream fails with. */
export async function readText(body: Body, capBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving a body before its end destroys it, and it then emits an error that nobody would hear.
  body.on('error', () => {});
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > capBytes) throw new BodyTooLarge(capBytes);
  }
  return chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks, size).toString();
}
