import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { KubeConfig as ClientConfig, User } from '@kubernetes/client-node';
import type { Credentials, TlsMaterial } from './kubeconfig.ts';
import { fileFault, KubeConfigFault } from './kubeconfig-fault.ts';

const NOBODY: User = { name: '' };

/** What the current context's user and cluster give to a request. Throws `KubeConfigFault`. */
export async function readCredentials(config: ClientConfig, source: string): Promise<Credentials> {
  const user = config.getCurrentUser() ?? NOBODY;
  const options: RequestOptions = {};
  let token: string | undefined;
  try {
    await usable(config).applyToHTTPSOptions(options);
    token = await readTokenFile(user);
  } catch (error) {
    throw new KubeConfigFault(`${source}: ${faultOf(error, user)}`, { cause: harmless(error) });
  }
  const headers = headersOf(options);
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
  const credentials = { headers, tls: tlsOf(options) };
  checkTls(credentials.tls, source);
  return credentials;
}

/**
 * The client library refuses plain http unless certificates go unchecked, though there are none, and leaves out the
 * authority of a cluster when a context has no user.
 */
function usable(config: ClientConfig): ClientConfig {
  for (const context of config.contexts) {
    if (context.user) continue;
    Object.assign(context, { user: '(nobody)' });
    if (config.getUser('(nobody)') === null) config.users.push({ ...NOBODY, name: '(nobody)' });
  }
  for (const cluster of config.clusters) {
    if (cluster.server.startsWith('http:')) Object.assign(cluster, { skipTLSVerify: true });
  }
  return config;
}

/** The client library keeps what it read of the file for a minute, whatever a server says of it. */
async function readTokenFile(user: User): Promise<string | undefined> {
  const path: unknown = user.authProvider?.config?.tokenFile;
  return typeof path === 'string' ? (await readFile(path, 'utf8')).trim() : undefined;
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token's file ends with a newline as often as not.
    if (value !== undefined) headers[name] = String(value).trim();
  }
  if (options.auth && headers['Authorization'] === undefined) {
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

function tlsOf(options: RequestOptions): TlsMaterial {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = options;
  return {
    ...(ca ? { ca: String(ca) } : {}),
    ...(cert ? { cert: String(cert) } : {}),
    ...(key ? { key: String(key) } : {}),
    ...(passphrase ? { passphrase } : {}),
    ...(servername ? { serverName: servername } : {}),
    verify: rejectUnauthorized !== false,
  };
}

function checkTls({ ca, cert, key, passphrase }: TlsMaterial, source: string): void {
  const fault = (what: string, cause?: unknown) => new KubeConfigFault(`${source}: ${what}`, { cause });
  // OpenSSL passes over a text with no certificate in it, and then nothing is trusted.
  if (ca !== undefined && !ca.includes('-----BEGIN')) throw fault('the certificate authority is no PEM');
  if ((cert === undefined) !== (key === undefined)) throw fault('a client certificate and its key go together');
  if (cert === undefined || key === undefined) return;
  try {
    createSecureContext({ cert, key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    throw fault('the client certificate and its key cannot be used', error);
  }
}

function faultOf(error: unknown, user: User): string {
  const why = fileFault(error);
  const path = Error.isError(error) && 'path' in error ? String(error.path) : undefined;
  const command: unknown = user.exec?.command;
  if (typeof command === 'string') {
    const state = why === 'there is no such file' && path === command ? 'is not installed' : 'gave no credentials';
    return `the command "${command}" of user "${user.name}" ${state}`;
  }
  if (why !== undefined && path !== undefined) return `"${path}": ${why}`;
  const provider: unknown = user.authProvider?.name;
  return typeof provider === 'string'
    ? `the auth provider "${provider}" of user "${user.name}" gave no credentials`
    : 'the credentials cannot be read';
}

/** What a plug-in wrote may be a token, and a parser quotes what it could not read. Errors of the system have codes. */
function harmless(error: unknown): unknown {
  return Error.isError(error) && 'code' in error && typeof error.code === 'string' ? error : undefined;
}
