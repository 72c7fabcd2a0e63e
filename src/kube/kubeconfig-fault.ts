/** The settings of a cluster can't be used. The message is one line, names the file, and quotes no value of it. */
export class KubeConfigFault extends Error {
  override readonly name = 'KubeConfigFault';
}

/** Why a file can't be read, in few words. */
export function fileFault(error: unknown): string | undefined {
  const code = Error.isError(error) && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'reading it is not permitted';
  if (code === 'EISDIR') return 'it is a directory';
  return undefined;
}
