import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { applyManifests, startPlane } from './cluster.ts';

const root = join(import.meta.dirname, '../..');

/** A kube-style API server in a process of its own, and what the system says of it. */
export interface MeasuredServer {
  /** From its start to its first good answer. */
  readonly readyMs: number;
  rssMib(): number;
  /** Resolves with what was answered; throws for any other than 2xx. */
  ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown>;
  /** The pieces of a watch, for as long as the signal says. */
  watch(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  stop(): Promise<void>;
}

/** `imagestream-operator dev`, its operator included. */
export async function startDev(...argv: readonly string[]): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dev-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const startMs = performance.now();
  const child = spawn(
    join(root, 'node_modules/node/bin/node'),
    [
      join(root, 'dist/imagestream-operator.mjs'),
      ...['dev', '--no-registry', '--port', '0', '--kubeconfig-out', kubeconfig],
      ...argv.map(word => word.replace('FOLDER', folder)),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`dev ended with ${code}: ${said}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk;
      if (said.includes('leading')) resolve();
    });
  });
  const readyMs = performance.now() - startMs;
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const { server: url, 'certificate-authority-data': ca } = clusters[0].cluster;
  const client = clientOf({ url, ca: Buffer.from(ca, 'base64').toString(), token: users[0].user.token });
  return {
    readyMs,
    ...client,
    rssMib: () => rssMib(child.pid),
    stop: async () => {
      await client.close();
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

/** kube-apiserver, with an etcd that does not wait for the disk. Our kinds are installed. */
export async function startReal(): Promise<MeasuredServer> {
  const startMs = performance.now();
  const plane = await startPlane();
  const readyMs = performance.now() - startMs;
  await applyManifests(plane);
  const client = clientOf({ url: plane.url, ca: plane.ca, token: plane.adminToken });
  return {
    readyMs,
    ...client,
    rssMib: () => rssMib(plane.apiServerPid()),
    stop: async () => {
      await client.close();
      await plane.stop();
    },
  };
}

interface Place {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

function clientOf({ url, ca, token }: Place) {
  const dispatcher = new Agent({ connect: { ca }, headersTimeout: 0, bodyTimeout: 0 });
  const authorization = `Bearer ${token}`;
  const send = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, signal?: AbortSignal) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await request(url + path, {
      method,
      dispatcher,
      headers: { authorization, 'content-type': type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    if (answer.statusCode < 300) return answer.body;
    throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${await answer.body.text()}`);
  };
  return {
    ask: async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) =>
      (await send(method, path, body)).json(),
    watch: (path: string, signal: AbortSignal) => send('GET', path, undefined, signal),
    close: () => dispatcher.destroy(),
  };
}

function rssMib(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
