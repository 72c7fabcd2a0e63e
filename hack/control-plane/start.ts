import { type ChildProcess, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { command, ended, freePort, spawnLogged } from '../programs.ts';
import { type KeyPair, selfSigned, signedBy } from '../registry/certificates.ts';
import { ensureControlPlane } from './ensure.ts';
import { controlPlaneParts } from './parts.ts';

export interface ControlPlaneOptions {
  /** More flags for kube-apiserver, such as `--max-requests-inflight=3000` or `--watch-cache=false`. */
  readonly flags?: readonly string[];
}

/** A real kube-apiserver with its etcd on loopback: RBAC on, no controllers, no nodes. */
export interface ControlPlane {
  readonly url: string;
  /** PEM of its authority, and the file it is in. */
  readonly ca: string;
  readonly caFile: string;
  /** Token of a member of `system:masters`. */
  readonly adminToken: string;
  /** Path of a kubeconfig of that member. */
  readonly adminKubeconfig: string;
  /** Writes a kubeconfig for somebody else's token, and tells where. */
  kubeconfigFor(name: string, token: string, namespace: string): Promise<string>;
  /** Asks as the administrator; resolves to the parsed answer, throws for any other than 2xx. A PATCH is a merge patch. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** A token for a service account that exists. */
  tokenFor(namespace: string, serviceAccount: string): Promise<string>;
  /** Stops the API server where it is, its connections open, until it is thawed. */
  freezeApiServer(): void;
  thawApiServer(): void;
  /** Ends the API server: at once, as a crash would, or as `signal` says. */
  killApiServer(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again, at the same address. */
  startApiServer(): Promise<void>;
  /**
   * Makes etcd forget the past. A watch that is behind gets 410, and so does the next page of a list, where the API
   * server has to ask etcd for it: always with the flag `--watch-cache=false`, else after a restart.
   */
  compact(): Promise<void>;
  /** Id of the API server's process, for what the system tells of it; undefined when none was started. */
  apiServerPid(): number | undefined;
  stop(): Promise<void>;
}

/** Starts one with free ports and its data in a temporary folder that `stop` removes. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const parts = controlPlaneParts();
  if (parts === undefined) throw new Error('no control plane: run node hack/control-plane/build.ts');
  const folder = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const plane = new LocalControlPlane(parts.apiServer, parts.etcd, folder, options.flags ?? []);
  try {
    await plane.prepare();
    await plane.startEtcd();
    await plane.startApiServer();
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

class LocalControlPlane implements ControlPlane {
  readonly adminToken = randomBytes(16).toString('hex');
  url = '';
  ca = '';
  caFile = '';
  adminKubeconfig = '';
  readonly #apiServer: string;
  readonly #etcd: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  #serving: KeyPair | undefined;
  #etcdUrl = '';
  #agent = new Agent();
  #apiServerProcess: ChildProcess | undefined;
  #etcdProcess: ChildProcess | undefined;

  constructor(apiServer: string, etcd: string, folder: string, flags: readonly string[]) {
    this.#apiServer = apiServer;
    this.#etcd = etcd;
    this.#folder = folder;
    this.#flags = flags;
  }

  async prepare(): Promise<void> {
    const authority = await selfSigned(this.#folder, 'authority');
    this.#serving = await signedBy(authority, this.#folder, 'kube-apiserver');
    this.ca = authority.cert;
    this.caFile = authority.certFile;
    this.#agent = new Agent({ connect: { ca: authority.cert } });
    this.url = `https://127.0.0.1:${await freePort()}`;
    await writeFile(this.#path('tokens.csv'), `${this.adminToken},admin,admin,"system:masters"\n`);
    const openssl = command('openssl');
    if (openssl === undefined) throw new Error('openssl is not on the PATH: keys for tests are made with it');
    await promisify(execFile)(openssl, ['genrsa', '-out', this.#path('accounts.key'), '2048']);
    this.adminKubeconfig = await this.kubeconfigFor('admin', this.adminToken, 'default');
  }

  async startEtcd(): Promise<void> {
    this.#etcdUrl = `http://127.0.0.1:${await freePort()}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    this.#etcdProcess = this.#run(this.#etcd, 'etcd-', [
      `--data-dir=${this.#path('etcd')}`,
      `--listen-client-urls=${this.#etcdUrl}`,
      `--advertise-client-urls=${this.#etcdUrl}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--quota-backend-bytes=4294967296',
      '--unsafe-no-fsync',
      '--log-level=error',
    ]);
    await this.#comesUp('etcd', this.#etcdProcess, () => this.#answers(`${this.#etcdUrl}/health`));
  }

  async startApiServer(): Promise<void> {
    const { certFile = '', keyFile = '' } = this.#serving ?? {};
    const accounts = this.#path('accounts.key');
    const issuer = 'https://kubernetes.default.svc';
    this.#apiServerProcess = this.#run(this.#apiServer, 'kube-apiserver-', [
      `--etcd-servers=${this.#etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${new URL(this.url).port}`,
      `--tls-cert-file=${certFile}`,
      `--tls-private-key-file=${keyFile}`,
      `--token-auth-file=${this.#path('tokens.csv')}`,
      `--service-account-issuer=${issuer}`,
      `--service-account-key-file=${accounts}`,
      `--service-account-signing-key-file=${accounts}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--endpoint-reconciler-type=none',
      // Nobody makes service accounts for new namespaces here.
      '--disable-admission-plugins=ServiceAccount',
      '--allow-privileged=true',
      '--profiling=false',
      '--v=0',
      ...this.#flags,
    ]);
    await this.#comesUp('kube-apiserver', this.#apiServerProcess, () => this.#answers(`${this.url}/readyz`));
    // Its hooks make the namespaces a little later.
    await this.#comesUp('kube-apiserver', this.#apiServerProcess, () =>
      this.#answers(`${this.url}/api/v1/namespaces/default`),
    );
  }

  async killApiServer(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#apiServerProcess;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
    child.kill(signal);
    await exit;
  }

  freezeApiServer(): void {
    this.#apiServerProcess?.kill('SIGSTOP');
  }

  thawApiServer(): void {
    this.#apiServerProcess?.kill('SIGCONT');
  }

  apiServerPid(): number | undefined {
    return this.#apiServerProcess?.pid;
  }

  async compact(): Promise<void> {
    const post = async (path: string, body: unknown) => {
      const answer = await request(`${this.#etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`etcd answered ${answer.statusCode}: ${text}`);
      return JSON.parse(text);
    };
    const { header } = await post('/v3/kv/range', { key: Buffer.from('/none').toString('base64') });
    await post('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  async ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await request(this.url + path, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.adminToken}`, 'content-type': contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  async tokenFor(namespace: string, serviceAccount: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const answer = await this.ask('POST', path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 7200 },
    });
    return (answer as { status: { token: string } }).status.token;
  }

  async kubeconfigFor(name: string, token: string, namespace: string): Promise<string> {
    const file = this.#path(`${name}.kubeconfig`);
    const certificate = Buffer.from(this.ca).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name: 'loopback', cluster: { server: this.url, 'certificate-authority-data': certificate } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: 'loopback', user: name, namespace } }],
    };
    await writeFile(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
    return file;
  }

  async stop(): Promise<void> {
    await this.killApiServer();
    if (this.#etcdProcess !== undefined) await ended(this.#etcdProcess);
    await this.#agent.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #run(binary: string, name: string, args: readonly string[]): ChildProcess {
    return spawnLogged(binary, args, this.#folder, name);
  }

  async #answers(url: string): Promise<boolean> {
    const answer = await request(url, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.adminToken}` },
    });
    await answer.body.dump();
    return answer.statusCode === 200;
  }

  async #comesUp(what: string, child: ChildProcess, probe: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      if (await probe().catch(() => false)) return;
      await sleep(100);
    }
    const said = (await readFile(this.#path(`${what}-stderr.log`), 'utf8')).trim().split('\n').at(-1);
    throw new Error(`${what} did not come up: ${said || 'it said nothing'}`);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** For people: runs one until Ctrl-C, and says how to use it. */
async function runUntilInterrupted(): Promise<void> {
  await ensureControlPlane(line => console.log(line));
  const interrupted = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve());
  });
  const plane = await startControlPlane();
  console.log(`${plane.url} answers until Ctrl-C\n\nexport KUBECONFIG=${plane.adminKubeconfig}`);
  await interrupted;
  await plane.stop();
}

if (import.meta.main) {
  await runUntilInterrupted().catch((error: unknown) => {
    console.error(`hack/control-plane/start.ts: ${Error.isError(error) ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
