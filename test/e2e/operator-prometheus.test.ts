import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readAlerts } from '../../hack/alerts.ts';
import { DASHBOARD_FILE, plainQuery } from '../../hack/dashboard/dashboard.ts';
import { METRICS, type MetricRow } from '../../src/telemetry/metrics.ts';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { type Prometheus, promtool, TARGET_LABELS, usePrometheus } from './prometheus.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { ROOT } from './shipped.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const prometheuses = usePrometheus();
const image = sampleImage();

let registry: RunningRegistry;
let leader: RunningOperator;
let other: RunningOperator;
let prometheus: Prometheus;

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  await push(registry, 'team/app', 'v1', image);
  await operators.install();
  await cluster.createNamespace('demo');
  const settings = { registries: [plainHttp(registry)] };
  leader = await operators.start(settings);
  await leader.says('Elected as the leader');
  other = await operators.start(settings);
  prometheus = await prometheuses.start([leader.metricsAddress, other.metricsAddress]);
  const app = `${registry.host}/team/app`;
  const tags = [scheduledTag('v1', `${app}:v1`), tag('gone', `${app}:gone`)];
  // Two intervals are more than this machine is ever deaf for: no tag is late.
  await streams.create(stream('app', tags, { interval: '1m' }));
  const isi = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStreamImport',
    metadata: { name: 'looks', namespace: 'demo' },
    spec: { import: false, images: [{ from: { kind: 'DockerImage', name: `${app}:v1` } }] },
  };
  await cluster.kubectl.ok(['create', '-f', '-'], { stdin: isi });
  await streams.conditionIs('app', 'gone', 'False');
});
afterAll(() => stopAll());

/** Tags are counted once a minute, and a count may have just begun. */
const PATIENCE_MS = 180_000;

/** Values of a query once they are so. */
const becomes = (expr: string, ...want: readonly number[]) =>
  until(
    `${expr} is ${want}`,
    async () => {
      const values = (await prometheus.query(expr)).map(({ value }) => value);
      return JSON.stringify(values) === JSON.stringify(want);
    },
    PATIENCE_MS,
  );

story('Prometheus scrapes every replica', async () => {
  const health = async () => (await prometheus.targets()).map(({ health, lastError }) => `${health}${lastError}`);
  await until('both are up', async () => (await health()).join() === 'up,up');
  await becomes('sum(imagestream_operator_leader)', 1);
  await becomes('count(imagestream_operator_synced == 1)', 2);
});

story(
  'the leader counts how the tags stand',
  async () => {
    const { host } = registry;
    await becomes(`imagestream_operator_tags{registry="${host}", state="imported"}`, 1);
    await becomes(`imagestream_operator_tags{registry="${host}", state="neverWorked"}`, 1);
    await becomes(`sum by (registry) (imagestream_operator_tags{state=~"failing|waiting"})`, 0);
    await becomes('imagestream_operator_tags_scheduled', 1);
    await becomes('imagestream_operator_tags_late', 0);
  },
  PATIENCE_MS,
);

story('promtool finds nothing in what replicas export but the names of OpenShift', async () => {
  const findings = async (operator: RunningOperator) => {
    const { stdout, stderr } = await promtool(['check', 'metrics'], await operator.exposition());
    return `${stdout}${stderr}`.split('\n').filter(Boolean);
  };
  const named = /^openshift_imagestreamcontroller_(success|error)_count /;
  const ofLeader = await findings(leader);
  expect(ofLeader.filter(line => !named.test(line))).toEqual([]);
  // Were it to look at nothing, it would find nothing.
  expect(ofLeader.filter(line => named.test(line))).not.toEqual([]);
  expect(await findings(other)).toEqual([]);
});

describe('what Prometheus holds', () => {
  /** Of faults, and of registries, that there are none of here. */
  const elsewhere: readonly string[] = [
    METRICS.digestHeaderMismatches,
    METRICS.realmsNotTrusted,
    METRICS.credentialsRejected,
    METRICS.credentialRefusals,
    METRICS.pullQuotaRemaining,
    METRICS.pullQuotaLimit,
    METRICS.kubeSinkFailures,
    METRICS.kubeWatchEnds,
  ].map(({ name }) => name);
  const here = Object.values<MetricRow>(METRICS).filter(({ name }) => !elsewhere.includes(name));

  test.each(here)('has $name, with its labels and those of its target', async ({ name, type, labels }) => {
    const series = type === 'histogram' ? `${name}_count` : name;
    const found = await until(`${series} is there`, async () => {
      const vector = await prometheus.query(series);
      return vector.length > 0 && vector;
    });
    for (const { metric } of found) {
      expect(metric).toMatchObject(TARGET_LABELS);
      const own = Object.keys(metric).filter(label => !['__name__', 'instance', 'namespace', 'job'].includes(label));
      // A label without a value is none to Prometheus.
      expect(Object.keys(labels)).toEqual(expect.arrayContaining(own));
    }
  });
});

describe('the alerts', () => {
  test('are evaluated without an error', async () => {
    const rules = await until('all were evaluated', async () => {
      const all = await prometheus.rules();
      return all.length > 0 && all.every(({ health }) => health !== 'unknown') && all;
    });
    expect(rules.map(({ name, health, lastError = '' }) => `${name} ${health} ${lastError}`.trim())).toEqual(
      readAlerts().map(({ name }) => `${name} ok`),
    );
  });

  /** Of shares of what was done a few may be many where little was done. */
  const ofLevels = readAlerts().filter(({ expr }) => !/\brate\(/.test(expr));

  test.each(ofLevels)('$name has no cause to fire here', async ({ expr }) => {
    expect(await prometheus.query(expr)).toEqual([]);
  });
});

describe('the dashboard', () => {
  interface Panel {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }
  const { panels }: { panels: readonly Panel[] } = JSON.parse(readFileSync(`${ROOT}/${DASHBOARD_FILE}`, 'utf8'));
  const targets = panels.flatMap(({ title, targets = [] }) => targets.map(target => ({ title, ...target })));
  /** What is not heard of here: see above. */
  const silent =
    /pull_quota|credential_refusals|rejected|not_trusted|mismatches|sink_failures|watch_ends|last_reload|code=~/;

  test.each(targets)('$title: $legendFormat shows something', async ({ expr }) => {
    const query = plainQuery(expr);
    if (silent.test(query)) await prometheus.query(query);
    else await until('there is something to show', async () => (await prometheus.query(query)).length > 0);
  });
});

story('ImageStreamOperatorDown has a cause once no replica runs', async () => {
  const { expr = '' } = readAlerts().find(({ name }) => name === 'ImageStreamOperatorDown') ?? {};
  await other.end('SIGTERM');
  await becomes('count(up == 1)', 1);
  expect(await prometheus.query(expr)).toEqual([]);
  await leader.end('SIGTERM');
  await becomes(expr, 1);
});
