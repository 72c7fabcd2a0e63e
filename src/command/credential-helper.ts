import { execFile } from 'node:child_process';
import type { Environment } from '../config/command-line.ts';

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 64 * 1024;

/** What a docker credential helper keeps for one registry. */
export interface HelperCredential {
  readonly username: string;
  readonly secret: string;
}

/**
 * Asks `docker-credential-<name> get` for the credential of a registry, as docker and podman do: the server on standard
 * input, JSON on standard output. `undefined` when it has none. Throws with a message that holds no secret.
 */
export function askCredentialHelper(
  name: string,
  server: string,
  env: Environment,
): Promise<HelperCredential | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw new Error(`credential helper ${JSON.stringify(name)} has no usable name`);
  const program = `docker-credential-${name}`;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      ['get'],
      { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT, encoding: 'utf8', env: { ...env } },
      (error, stdout) => {
        if (error === null) {
          const credential = parseAnswer(stdout);
          if (credential === undefined) reject(new Error(`${program} answered something that is no credential`));
          else resolve(credential);
        } else if (/credentials not found/i.test(stdout)) {
          resolve(undefined);
        } else {
          const code = (error as { code?: unknown }).code;
          reject(new Error(code === 'ENOENT' ? `${program} is not on the PATH` : `${program} failed for ${server}`));
        }
      },
    );
    child.stdin?.on('error', () => {}); // A helper may end before it reads; its exit status tells.
    child.stdin?.end(`${server}\n`);
  });
}

function parseAnswer(text: string): HelperCredential | undefined {
  try {
    const { Username, Secret } = JSON.parse(text) as { Username?: unknown; Secret?: unknown };
    if (typeof Username !== 'string' || typeof Secret !== 'string') return undefined;
    return { username: Username, secret: Secret };
  } catch {
    return undefined;
  }
}
