import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { request } from 'undici';
import { ALERTS_FILE } from '../../hack/alerts.ts';
import { prometheusBinary, promtoolBinary } from '../../hack/debian/parts.ts';
import { ended, freePort, spawnLogged } from '../../hack/programs.ts';
import { type Ended, ROOT, start } from './shipped.ts';
import { until } from './until.ts';

/** What Prometheus answers to a query: series with a value each. */
export type Vector = readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[];

export interface Rule {
  readonly name: string;
  /** `ok` once it was evaluated without an error; `unknown` before. */
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

export interface Target {
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

/** A Prometheus that scrapes every second and evaluates the alerts of the chart. */
export interface Prometheus {
  /** Throws with what Prometheus complains of when the query cannot be evaluated. */
  query(expr: string): Promise<Vector>;
  targets(): Promise<readonly Target[]>;
  rules(): Promise<readonly Rule[]>;
}

/** Labels as a ServiceMonitor sets them. */
export const TARGET_LABELS = { namespace: 'imagestream-operator', job: 'imagestream-operator' } as const;

export interface Prometheuses {
  /** Starts one that scrapes these addresses, and waits until it answers; it ends with the test file. */
  start(addresses: readonly string[]): Promise<Prometheus>;
}

/** For a test file, to be called at its top. */
export function usePrometheus(): Prometheuses {
  const endings: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of endings) await end();
  });
  return { start: addresses => startPrometheus(addresses, end => endings.push(end)) };
}

async function startPrometheus(
  addresses: readonly string[],
  atTheEnd: (end: () => Promise<void>) => void,
): Promise<Prometheus> {
  const binary = prometheusBinary();
  if (binary === undefined) throw new Error('no Prometheus: run node hack/debian/fetch.ts prometheus');
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, JSON.stringify(configuration(addresses)));
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, '--log.level=warn'];
  const child = spawnLogged(binary, [...flags, `--web.listen-address=${address}`], folder);
  atTheEnd(async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const answers = async () => {
    const said = () => readFileSync(join(folder, 'stderr.log'), 'utf8').trim();
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Prometheus ended: ${said()}`);
    const { statusCode, body } = await request(`http://${address}/-/ready`);
    await body.dump();
    return statusCode === 200;
  };
  await until('Prometheus is ready', answers);
  return new HttpPrometheus(`http://${address}/api/v1`);
}

/** Runs promtool to its end, whatever that is. */
export function promtool(args: readonly string[], stdin = ''): Promise<Ended> {
  const program = promtoolBinary();
  if (program === undefined) throw new Error('no promtool: run node hack/debian/fetch.ts prometheus');
  return start(args, { program, stdin }).ended;
}

function configuration(targets: readonly string[]): object {
  const { job, ...labels } = TARGET_LABELS;
  return {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(ROOT, ALERTS_FILE)],
    scrape_configs: [{ job_name: job, static_configs: [{ targets, labels }] }],
  };
}

interface Answer<Data> {
  readonly status: 'success' | 'error';
  readonly data: Data;
  readonly error?: string;
}

interface Result {
  readonly resultType: string;
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
}

class HttpPrometheus implements Prometheus {
  readonly #api: string;

  constructor(api: string) {
    this.#api = api;
  }

  async query(expr: string): Promise<Vector> {
    const { result } = await this.#ask<Result>(`/query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  async targets(): Promise<readonly Target[]> {
    return (await this.#ask<{ activeTargets: readonly Target[] }>('/targets')).activeTargets;
  }

  async rules(): Promise<readonly Rule[]> {
    const { groups } = await this.#ask<{ groups: readonly { rules: readonly Rule[] }[] }>('/rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async #ask<Data>(path: string): Promise<Data> {
    const { body } = await request(`${this.#api}${path}`);
    const { status, data, error = '' } = (await body.json()) as Answer<Data>;
    if (status !== 'success') throw new Error(error);
    return data;
  }
}
