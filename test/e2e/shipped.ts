import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach } from '@jest/globals';
import { stringify } from 'yaml';
import type { RunningRegistry } from './setups.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
/** What `make build` made, and what users get. */
export const BUNDLE = join(ROOT, 'dist/imagestream-operator.mjs');

const home = mkdtempSync(join(tmpdir(), 'shipped-'));
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

export interface Shipped {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard output holds a line like this; rejects when the program ends without one. */
  line(pattern: RegExp): Promise<string>;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShippedOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Arguments for Node itself. */
  readonly node?: readonly string[];
  /** The program instead of the bundle on this Node. */
  readonly program?: string;
  /** Where it runs; default: the root of the repository. */
  readonly cwd?: string;
}

/** Starts the shipped bundle, with an empty home and nothing of our environment but the PATH. */
export function start(argv: readonly string[], options: ShippedOptions = {}): Shipped {
  const { program = process.execPath, node = [], env = {}, stdin = '', cwd = ROOT } = options;
  const args = options.program === undefined ? [...node, BUNDLE, ...argv] : [...argv];
  const child = spawn(program, args, { cwd, env: { PATH: plainPath(), HOME: home, ...env } });
  running.add(child);
  const [stdout, stderr] = [read(child.stdout), read(child.stderr)];
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line);
    for (const look of waiting) look();
  });
  child.stdin.on('error', () => {}); // A program that ends early does not read.
  child.stdin.end(stdin);
  const ended = new Promise<Ended>((done, fail) => {
    child.once('error', fail);
    child.once('close', (status, signal) => {
      running.delete(child);
      done({ status, signal, stdout: stdout(), stderr: stderr() });
    });
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((found, fail) => {
      const look = () => {
        const text = lines.find(one => pattern.test(one));
        if (text !== undefined) found(text);
      };
      waiting.add(look);
      look();
      ended.then(end => fail(new Error(`ended without a line ${pattern}: ${end.stdout}${end.stderr}`)), fail);
    });
  return { child, ended, line };
}

/** Runs the shipped bundle to its end. */
export function shipped(argv: readonly string[], options?: ShippedOptions): Promise<Ended> {
  return start(argv, options).ended;
}

function read(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** The PATH of a user, who has no `node_modules/.bin` on it. */
function plainPath(): string {
  const parts = (process.env['PATH'] ?? '').split(delimiter);
  return parts.filter(part => !part.endsWith(join('node_modules', '.bin'))).join(delimiter);
}

export function at(name: string): string {
  return join(home, name);
}

/** A file for the program: text as it is, anything else as YAML. */
export function file(name: string, content: unknown): string {
  writeFileSync(at(name), typeof content === 'string' ? content : stringify(content));
  return at(name);
}

/** `--registries-file` with all that the registry needs: plain http or its CA, and trust in its token server. */
export function registriesOf({ host, url, caFile, tokenServer }: RunningRegistry): string[] {
  const realm = tokenServer === undefined ? [] : [new URL(tokenServer.realm).host];
  const transport = url.startsWith('http:') ? { plainHttp: true, allowCredentialsOverHttp: true } : { caFile };
  const path = file('registries.yaml', {
    apiVersion: 'config.imagestream-operator/v1alpha1',
    kind: 'Registries',
    registries: [
      { host, ...transport, trustedRealmHosts: realm },
      // Trust in a CA is a matter of one host.
      ...realm.map(name => ({ host: name, ...transport })),
    ],
  });
  return ['--registries-file', path];
}

/** A docker config with this password for the registry. */
export function dockerConfig({ host, credentials }: RunningRegistry, password = credentials?.password): string {
  const auth = Buffer.from(`${credentials?.username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [host]: { auth } } });
}

/** The same as `kubectl get secrets -o json` prints it. */
export function secretList(config: string): string {
  const data = { '.dockerconfigjson': Buffer.from(config).toString('base64') };
  const metadata = { name: 'pull', namespace: 'demo' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/dockerconfigjson', data };
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [secret] });
}
