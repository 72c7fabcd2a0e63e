import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { registryBinary } from '../debian/parts.ts';
import { ended, freePort, spawnLogged } from '../programs.ts';
import { createAccessLog, type LoggedRequest } from './access-log.ts';
import { type KeyPair, selfSigned, signedBy } from './certificates.ts';
import { startTokenServer, type TokenAuthority, type TokenServer } from './token-server.ts';

export interface RegistryOptions {
  /** Who may come in: everybody; who knows a password (Basic); who has a token (Bearer). */
  readonly auth: 'open' | 'htpasswd' | 'token';
  /** Serves https with a certificate of a private CA; so does the token server. */
  readonly tls?: boolean;
  /** Lifetime of tokens; default 300. */
  readonly tokenSeconds?: number;
}

/** A running CNCF registry on loopback. */
export interface RunningRegistry {
  /** Origin: `http://127.0.0.1:41234`. */
  readonly url: string;
  /** As references name it: `127.0.0.1:41234`. */
  readonly host: string;
  readonly dataDir: string;
  /** PEM of the private CA, and the file it is in. */
  readonly ca?: string;
  readonly caFile?: string;
  /** Who may come in, when not everybody. Behind tokens anybody may pull from `public/…`. */
  readonly credentials?: Credentials;
  readonly tokenServer?: TokenServer;
  /** Trusts the private CA. */
  readonly dispatcher: Agent;
  /** What a push to this repository must send along. */
  pushHeaders(repository: string): Record<string, string>;
  /** Requests answered since the start or since `forgetRequests`, in order. */
  requests(): Promise<LoggedRequest[]>;
  forgetRequests(): Promise<void>;
  stop(): Promise<void>;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const CREDENTIALS: Credentials = { username: 'alice', password: 'correct horse' };
/** Of the password above; the registry knows no other form than bcrypt. */
const PASSWORD_FILE = 'alice:$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n';

/**
 * Starts a registry on a free port, its data in a temporary folder that `stop` removes. Throws when the program is not
 * there (`node hack/debian/fetch.ts docker-registry` gets it) or does not come up.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const binary = registryBinary();
  if (binary === undefined)
    throw new Error('no registry on the PATH or in the cache: run node hack/debian/fetch.ts docker-registry');
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const parts: Parts = { folder, dispatcher: new Agent() };
  try {
    await prepare(parts, options);
    return await launch(binary, parts);
  } catch (error) {
    await clean(parts);
    throw error;
  }
}

/** What has been made for one registry so far; all of it goes away with it. */
interface Parts {
  readonly folder: string;
  dispatcher: Agent;
  authority?: KeyPair;
  server?: KeyPair;
  tokenServer?: TokenServer;
  passwordFile?: string;
  child?: ChildProcess;
}

async function prepare(parts: Parts, options: RegistryOptions): Promise<void> {
  const { folder } = parts;
  await mkdir(join(folder, 'data'));
  if (options.tls === true) {
    parts.authority = await selfSigned(folder, 'private-authority');
    parts.server = await signedBy(parts.authority, folder, 'registry');
    parts.dispatcher = new Agent({ connect: { ca: parts.authority.cert } });
  }
  if (options.auth === 'htpasswd') {
    parts.passwordFile = join(folder, 'htpasswd');
    await writeFile(parts.passwordFile, PASSWORD_FILE);
  }
  if (options.auth === 'token') {
    parts.tokenServer = await startTokenServer({
      signer: await selfSigned(folder, 'token-signer'),
      users: new Map([[CREDENTIALS.username, CREDENTIALS.password]]),
      publicPrefix: 'public/',
      ...(parts.server === undefined ? {} : { tls: parts.server }),
      ...(options.tokenSeconds === undefined ? {} : { ttlSeconds: options.tokenSeconds }),
    });
  }
}

async function launch(binary: string, parts: Parts): Promise<RunningRegistry> {
  const { folder, dispatcher, authority, tokenServer } = parts;
  const port = await freePort();
  const url = `${parts.server === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const configFile = join(folder, 'config.json');
  await writeFile(configFile, JSON.stringify(configuration(parts, port)));
  const child = spawnLogged(binary, ['serve', configFile], folder);
  parts.child = child;
  await answers(url, child, dispatcher, join(folder, 'stderr.log'));
  const log = createAccessLog(join(folder, 'stdout.log'), path => ask(url + path, dispatcher));
  await log.forget();
  return {
    url,
    host: `127.0.0.1:${port}`,
    dataDir: join(folder, 'data'),
    ...(authority === undefined ? {} : { ca: authority.cert, caFile: authority.certFile }),
    ...(parts.passwordFile === undefined && tokenServer === undefined ? {} : { credentials: CREDENTIALS }),
    ...(tokenServer === undefined ? {} : { tokenServer }),
    dispatcher,
    pushHeaders: repository => pushHeaders(parts, repository),
    requests: () => log.read(),
    forgetRequests: () => log.forget(),
    stop: () => clean(parts),
  };
}

/** The registry's configuration, as JSON, which is YAML. */
function configuration(parts: Parts, port: number): unknown {
  const { folder, server, passwordFile, tokenServer } = parts;
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: 'the same for every run',
      ...(server === undefined ? {} : { tls: { certificate: server.certFile, key: server.keyFile } }),
    },
    ...(passwordFile === undefined ? {} : { auth: { htpasswd: { realm: 'loopback', path: passwordFile } } }),
    ...(tokenServer === undefined ? {} : { auth: { token: tokenAuth(tokenServer) } }),
    compatibility: { schema1: { enabled: true } },
    // Layers that are kept elsewhere are refused otherwise.
    validation: { manifests: { urls: { allow: ['^https?://'] } } },
  };
}

function tokenAuth({ realm, service, issuer, certFile }: TokenAuthority): unknown {
  return { realm, service, issuer, rootcertbundle: certFile };
}

function pushHeaders(parts: Parts, repository: string): Record<string, string> {
  if (parts.tokenServer !== undefined) return { authorization: `Bearer ${parts.tokenServer.fullToken(repository)}` };
  if (parts.passwordFile === undefined) return {};
  const { username, password } = CREDENTIALS;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

async function answers(url: string, child: ChildProcess, dispatcher: Agent, errorFile: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    try {
      await ask(`${url}/v2/`, dispatcher);
      return;
    } catch {
      await sleep(50);
    }
  }
  const said = (await readFile(errorFile, 'utf8')).trim().split('\n').at(-1);
  throw new Error(`the registry did not come up: ${said || 'it said nothing'}`);
}

async function ask(url: string, dispatcher: Agent): Promise<void> {
  const { body } = await request(url, { dispatcher });
  await body.dump();
}

async function clean(parts: Parts): Promise<void> {
  const { child, dispatcher, folder, tokenServer } = parts;
  await Promise.all([child === undefined ? undefined : ended(child), dispatcher.destroy(), tokenServer?.stop()]);
  await rm(folder, { recursive: true, force: true });
}
