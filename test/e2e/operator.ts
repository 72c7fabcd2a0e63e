import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from '@jest/globals';
import { request } from 'undici';
import type { Cluster } from './control-plane.ts';
import { type Metrics, readMetrics } from './operator-metrics.ts';
import { podProcess } from './pod.ts';
import type { RunningRegistry } from './setups.ts';
import { BUNDLE, ROOT } from './shipped.ts';
import { until } from './until.ts';

/** Namespace, ServiceAccount and Lease of `manifests/install`. */
export const OPERATOR = 'imagestream-operator';

export interface OperatorSettings {
  /** Entries of the registries file; `plainHttp` is one. */
  readonly registries?: readonly object[];
  /** More flags, after those of every operator here. */
  readonly args?: readonly string[];
}

/** One line that the operator logged. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface OperatorEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The shipped bundle as a process of its own. */
export interface RunningOperator {
  readonly pid: number;
  readonly ended: Promise<OperatorEnd>;
  /** All it wrote. */
  text(): string;
  /** Its log so far. */
  lines(): readonly LogLine[];
  /** Waits for a line with this message; rejects when the operator ends without one. */
  says(message: string): Promise<LogLine>;
  /** `127.0.0.1:41234`: where a Prometheus finds it. */
  readonly metricsAddress: string;
  /** What `/metrics` answers. */
  exposition(): Promise<string>;
  metrics(): Promise<Metrics>;
  /** Status of `/healthz` or `/readyz`. */
  probe(path: '/healthz' | '/readyz'): Promise<number>;
  /** Sends a signal that does not end it, such as SIGSTOP. */
  signal(name: NodeJS.Signals): void;
  /** Ends it as a signal does, and waits for that. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<OperatorEnd>;
}

export interface Operators {
  /** Applies `manifests/install`, and waits until its kinds are served. Nothing runs its Deployment here. */
  install(): Promise<void>;
  /** Starts one with the token of its own ServiceAccount, and waits until it serves; it ends with the file at the latest. */
  start(settings?: OperatorSettings): Promise<RunningOperator>;
  /** Starts what a Pod of this Deployment would run, with the token of its ServiceAccount. */
  startPod(deployment: { readonly namespace: string; readonly name: string }): Promise<RunningOperator>;
}

/** What of a log a failed test prints. */
const TOLD_LINES = 60;
/** Of a file that starts very many. */
const TOLD_OPERATORS = 3;
const operators: RunningOperator[] = [];

/** A test that prints what the operators of the file said last, when it fails. `withinMs` when it is a long one. */
export function story(name: string, body: () => Promise<void>, withinMs?: number): void {
  const telling = async () => {
    try {
      await body();
    } catch (error) {
      for (const operator of operators.slice(-TOLD_OPERATORS)) {
        const told = operator.text().trim().split('\n').slice(-TOLD_LINES);
        process.stderr.write(`--- operator ${operator.pid}:\n${told.join('\n')}\n`);
      }
      throw error;
    }
  };
  test(name, telling, withinMs);
}

/** Operators for the control plane of a test file. */
export function useOperators(cluster: Cluster): Operators {
  const folder = mkdtempSync(join(tmpdir(), 'operators-'));
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  let kubeconfig: Promise<string> | undefined;
  const { kubectl } = cluster;
  const begin = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [BUNDLE, ...argv], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
    });
    children.push(child);
    const operator = new OperatorProcess(child);
    operators.push(operator);
    await operator.says('Started');
    return operator;
  };
  return {
    async install() {
      await kubectl.ok(['apply', '--server-side', '-f', `${ROOT}/manifests/install`]);
      // In the moment before they have a condition at all, kubectl gives up.
      const wait = ['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all'];
      await until('the kinds are established', async () => (await kubectl.run(wait)).status === 0);
      // What is served follows a moment later.
      await until('the kinds are served', async () => {
        const names = await kubectl.ok(['api-resources', '--api-group=image.openshift.io', '--output=name']);
        return names.trim().split('\n').length === 3;
      });
    },
    async start({ registries = [], args = [] } = {}) {
      kubeconfig ??= cluster.kubeconfigFor({ namespace: OPERATOR, serviceAccount: OPERATOR });
      const file = join(folder, `registries-${children.length}.yaml`);
      const content = { apiVersion: 'config.imagestream-operator/v1alpha1', kind: 'Registries', registries };
      writeFileSync(file, JSON.stringify(content));
      const fixed = ['--registries-file', file, '--metrics-address', '127.0.0.1:0', '--health-address', '127.0.0.1:0'];
      const flags = ['--kubeconfig', await kubeconfig, ...fixed, '--min-interval', '1s', '--log-level', 'debug'];
      return begin(['operator', ...flags, ...args]);
    },
    async startPod(deployment) {
      const { args, env } = await podProcess(cluster, deployment, join(folder, `pod-${children.length}`));
      return begin(args, env);
    },
  };
}

class OperatorProcess implements RunningOperator {
  readonly pid: number;
  readonly ended: Promise<OperatorEnd>;
  readonly #child: ChildProcess;
  #text = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#text += text;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve({ status, signal }));
    });
  }

  text(): string {
    return this.#text;
  }

  lines(): readonly LogLine[] {
    // The last one may not be whole yet.
    const whole = this.#text.slice(0, this.#text.lastIndexOf('\n') + 1).split('\n');
    return whole.filter(line => line.startsWith('{')).map(line => JSON.parse(line));
  }

  async says(message: string): Promise<LogLine> {
    let end: OperatorEnd | undefined;
    void this.ended.then(how => {
      end = how;
    });
    const line = await until(`the operator says "${message}"`, () => this.#said(message) ?? end);
    if (!('message' in line)) throw new Error(`the operator ended before it said "${message}": ${this.#text}`);
    return line;
  }

  get metricsAddress(): string {
    return `127.0.0.1:${this.#port('metricsPort')}`;
  }

  async exposition(): Promise<string> {
    const { body } = await request(`http://${this.metricsAddress}/metrics`);
    return body.text();
  }

  async metrics(): Promise<Metrics> {
    return readMetrics(await this.exposition());
  }

  async probe(path: '/healthz' | '/readyz'): Promise<number> {
    const { statusCode, body } = await request(`http://127.0.0.1:${this.#port('healthPort')}${path}`);
    await body.dump();
    return statusCode;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<OperatorEnd> {
    this.#child.kill(signal);
    return this.ended;
  }

  #said(message: string): LogLine | undefined {
    return this.lines().find(line => line.message === message);
  }

  #port(field: 'metricsPort' | 'healthPort'): unknown {
    return this.#said('Started')?.[field];
  }
}

/** Entry of the registries file for a registry on loopback without TLS, asked as fast as it answers. */
export function plainHttp({ host }: Pick<RunningRegistry, 'host'>): object {
  const rate = { perSecond: 1_000, burst: 1_000, inFlight: 64 };
  return { host, plainHttp: true, allowCredentialsOverHttp: true, rate };
}
