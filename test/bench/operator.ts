import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDockerfile, processOf } from '../../hack/image/dockerfile.ts';

const root = join(import.meta.dirname, '../..');
const { entrypoint, env } = processOf(parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8')));
/** Of Node, as the container image has them. */
const FLAGS = entrypoint.filter(word => word.startsWith('--'));

export interface OperatorSetup {
  readonly kubeconfig: string;
  /** Registries on loopback, `host:port`, spoken to over plain http with their pace lifted. */
  readonly hosts: readonly string[];
  readonly args?: readonly string[];
  /** Of V8, in MiB; 320 when absent, as the manifests have it. */
  readonly heapMib?: number;
  /** Whether blocks of the event loop are watched, which costs some CPU. */
  readonly watchesLoop?: boolean;
}

/** The shipped bundle as a process of its own, and what the system says of it. */
export interface RunningOperator {
  /** Samples of one metric added up, those alone whose text has all of `parts`; 0 when there is none. */
  metric(name: string, ...parts: readonly string[]): Promise<number>;
  /** Milliseconds, since it listened; 0 unless the loop is watched. */
  longestBlockMs(): number;
  cpuSeconds(): number;
  rssMib(): number;
  peakRssMib(): number;
  stop(): Promise<void>;
}

export async function startOperator({
  kubeconfig,
  hosts,
  args = [],
  heapMib = 320,
  watchesLoop = false,
}: OperatorSetup): Promise<RunningOperator> {
  const folder = mkdtempSync(join(tmpdir(), 'operator-'));
  const registries = join(folder, 'registries.json');
  const rate = { perSecond: 10_000, burst: 10_000, inFlight: 32 };
  writeFileSync(
    registries,
    JSON.stringify({
      apiVersion: 'config.imagestream-operator/v1alpha1',
      kind: 'Registries',
      registries: hosts.map(host => ({ host, plainHttp: true, rate })),
    }),
  );
  const node = join(root, 'node_modules/node/bin/node');
  const child = spawn(
    node,
    [
      ...FLAGS,
      ...(watchesLoop ? ['--import', join(import.meta.dirname, 'loop-probe.ts')] : []),
      `--max-old-space-size=${heapMib}`,
      join(root, 'dist/imagestream-operator.mjs'),
      'operator',
      ...['--kubeconfig', kubeconfig, '--registries-file', registries],
      ...['--metrics-address', '127.0.0.1:0', '--health-address', 'off'],
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env: { ...process.env, ...env } },
  );
  process.once('exit', () => child.kill('SIGKILL'));
  let log = '';
  let stopping = false;
  let longestBlockMs = 0;
  child.on('message', blockedMs => {
    longestBlockMs = Math.max(longestBlockMs, Number(blockedMs));
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code, signal) => {
      const error = new Error(`the operator ended with ${signal ?? code}: ${log}`);
      reject(error);
      // Figures of an operator that is gone would be good ones.
      if (!stopping) throw error;
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      log = `${log}${chunk}`.slice(-10_000);
      const told = /"metricsPort":(\d+)/.exec(log)?.[1];
      if (told !== undefined) resolve(Number(told));
    });
  });
  const { pid } = child;
  const status = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  // What was blocked until now is the process starting.
  if (watchesLoop) child.send('watch');
  return {
    longestBlockMs: () => longestBlockMs,
    metric: async (name, ...parts) => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return text
        .split('\n')
        .filter(line => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)))
        .filter(line => parts.every(part => line.includes(part)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    cpuSeconds: () => {
      const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) | /);
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    rssMib: () => status('VmRSS'),
    peakRssMib: () => status('VmHWM'),
    stop: async () => {
      stopping = true;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Accepts connections and never answers. */
export async function silentHost(): Promise<{ readonly host: string; readonly server: Server }> {
  const server = createServer(socket => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return { host: `127.0.0.1:${address.port}`, server };
}

/** Polls; throws when it takes too long. Milliseconds it took. */
export async function waitFor(what: string, probe: () => Promise<boolean>, forMs: number): Promise<number> {
  const startMs = performance.now();
  while (!(await probe())) {
    if (performance.now() - startMs > forMs) throw new Error(`waited in vain: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return performance.now() - startMs;
}

/** The value below which this share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
