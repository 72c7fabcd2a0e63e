import type { Status } from '../api/status.ts';

/**
 * The input as a whole cannot be used: wrong usage, an unreadable file, a request the API would refuse. The command
 * prints `lines` on standard error and ends with status 2.
 */
export class CommandFault extends Error {
  override readonly name = 'CommandFault';
  readonly lines: readonly string[];
  /** What the API would answer, where it would. */
  readonly status: Status | undefined;

  constructor(lines: readonly string[], status?: Status) {
    super(lines.join('\n'));
    this.lines = lines;
    this.status = status;
  }
}

/** What went wrong with a file, in words a user knows, from the error of a file system call. */
export function fileFault(action: 'read' | 'write', path: string, error: unknown): CommandFault {
  const code = (error as { code?: string } | undefined)?.code ?? '';
  const state = FILE_ERRORS[code] ?? (code === '' ? 'failed' : `failed with ${code}`);
  return new CommandFault([`Cannot ${action} "${path}": ${state}`]);
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
};
