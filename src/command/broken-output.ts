import { fileFault } from './fault.ts';

/** As shells report a program that was ended by SIGPIPE. */
const BROKEN_PIPE = 141;
const CANNOT_WRITE = 2;

/** The two streams that everything is told on, and the way out. */
export interface Outlets {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  exit(status: number): unknown;
}

/**
 * Ends the program when nobody reads its standard output any more (`| head -1`), without a word, or when it cannot be
 * written, with one line. Nothing on standard error is worth ending for.
 */
export function endOnBrokenOutput({ stdout, stderr, exit }: Outlets): void {
  stderr.on('error', () => {});
  stdout.on('error', (error: unknown) => {
    if ((error as { code?: unknown } | null)?.code === 'EPIPE') {
      exit(BROKEN_PIPE);
      return;
    }
    stderr.write(`${fileFault('write', 'standard output', error).lines.join('\n')}\n`);
    exit(CANNOT_WRITE);
  });
}

/** What is told of an error that nobody expected: what it says and where it was thrown, in one line. */
export function unexpectedError(error: unknown): string {
  const { message, stack = '' } = Error.isError(error) ? error : { message: String(error) };
  const [, place] = /\bat .*?([^/\\()\s]+:\d+:\d+)\)?$/m.exec(stack) ?? [];
  const where = place === undefined ? '' : ` (${place})`;
  return `Unexpected error: ${message.replace(/\s+/g, ' ')}${where}\n`;
}
