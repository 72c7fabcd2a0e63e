import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type OperatorSite, operate } from '../../../src/command/operator-run.ts';
import { faultLines } from '../../../src/command/until-signal.ts';
import { readOperatorOptions } from '../../../src/config/operator-options.ts';
import type { News } from '../../../src/controller/announcer.ts';
import type { Lease } from '../../../src/kube/lease.ts';
import { EVENTS, IMAGE_STREAMS, LEASES } from '../../../src/kube/resource.ts';
import { createLogger, type Logger, silentLogger } from '../../../src/log.ts';
import { type FakeApiServer, startFakeApiServer } from '../../fake/api-server.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, specTag } from '../../gen/objects.ts';
import { until } from '../controller/operator.ts';

/** The operator inside a process that holds more than it. */

const image = sampleImage();
let server: FakeApiServer;
let registry: FakeRegistry;
let stop: AbortController;
let ended: Promise<number> | undefined;

beforeEach(async () => {
  [server, registry] = await Promise.all([startFakeApiServer(), startFakeRegistry()]);
  registry.putContent('acme/app', 'latest', image);
  stop = new AbortController();
  ended = undefined;
});
afterEach(async () => {
  stop.abort();
  await ended;
  await Promise.all([server.close(), registry.close()]);
});

function begin(site: Partial<OperatorSite>, ...argv: string[]): Promise<number> {
  const line = readOperatorOptions(['--metrics-address=off', '--health-address=off', ...argv], {});
  if (line.kind !== 'run') throw new Error('expected options');
  const { config } = server;
  ended = operate(line.options, {
    env: {},
    log: silentLogger,
    stop: stop.signal,
    loopback: 'allow',
    config,
    ...site,
  });
  return ended;
}

function putStream(): void {
  const from = `${registry.host}/acme/app:latest`;
  server.put(IMAGE_STREAMS, imageStream({ tags: [specTag('latest', from, { importPolicy: { insecure: true } })] }));
}

test('says when it leads, with all streams known, and what becomes of their tags', async () => {
  putStream();
  const told: string[] = [];
  const news = await new Promise<News>(resolve => {
    void begin({
      leads: streams => told.push(`leads ${[...streams.keys()]}`),
      events: {
        event: first => {
          told.push('news');
          resolve(first);
        },
      },
    });
  });
  expect(told).toEqual(['leads demo/app', 'news']);
  expect(news).toMatchObject({
    regarding: { kind: 'ImageStream', name: 'app' },
    reason: 'TagImported',
    change: { tag: 'demo/app:latest', change: 'imported', reason: 'neverImported', image: image.digest },
  });
  stop.abort();
  expect(await ended).toBe(0);
});

test('logs one line of JSON for each decision, with its stream and the reason; at debug each check, too', async () => {
  putStream();
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('debug', { write: line => void lines.push(JSON.parse(line)) });
  await new Promise<News>(resolve => {
    void begin({ log, events: { event: resolve } });
  });
  const about = { stream: 'demo/app', tag: 'latest', reason: 'neverImported' };
  expect(lines.filter(({ level, tag }) => level === 'info' && tag !== undefined)).toEqual([
    { ...about, level: 'info', time: expect.any(String), message: 'Tag imported', image: image.digest },
  ]);
  expect(lines.filter(({ message }) => message === 'Tag checked')).toEqual([
    {
      ...about,
      level: 'debug',
      time: expect.any(String),
      message: 'Tag checked',
      outcome: 'imported',
      ms: expect.any(Number),
    },
  ]);
});

test('asks no registry on loopback that nobody listed, unless its site says so', async () => {
  putStream();
  const news = await new Promise<News>(resolve => {
    void begin({ loopback: 'listedHosts', events: { event: resolve } });
  });
  expect(news).toMatchObject({ reason: 'TagImportFailed', change: { change: 'failed' } });
  expect(registry.requests).toEqual([]);
});

test.each(['true', 'false'])('does not lead when it was asked to stop before, --leader-elect=%s', async elect => {
  stop.abort();
  let led = false;
  const site = {
    leads: () => {
      led = true;
    },
  };
  expect([await begin(site, `--leader-elect=${elect}`), led]).toEqual([0, false]);
});

test.each(['true', 'false'])(
  'does not lead when it is asked to stop as the last list comes, --leader-elect=%s',
  async elect => {
    putStream();
    // Of streams, imports, Images, and the secrets of two types.
    let lists = 5;
    const log: Logger = {
      ...silentLogger,
      info: (_fields, message) => {
        if (message === 'listed' && --lists === 0) stop.abort();
      },
    };
    let led = false;
    const site = {
      log,
      leads: () => {
        led = true;
      },
    };
    expect([await begin(site, `--leader-elect=${elect}`), lists, led]).toEqual([0, 0, false]);
  },
);

test('is not ready while it cannot list a kind, and says which', async () => {
  const back = server.fail({ verb: 'list', resource: IMAGE_STREAMS }, { kind: 'status', code: 403 }, 1_000);
  const told = new Map<string, Record<string, unknown>>();
  const log: Logger = { ...silentLogger, info: (fields, message) => void told.set(message, fields) };
  void begin({ log }, '--health-address=127.0.0.1:0', '--watch-namespaces=demo,other');
  const { healthPort } = await until('the start', () => told.get('Started'));
  const readyz = async () => {
    const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
    return [answer.status, await answer.text()];
  };
  const twice = 'not ready:\n- not listed yet: imagestreams in "demo"\n- not listed yet: imagestreams in "other"\n';
  while ((await readyz())[1] !== twice);
  expect(await readyz()).toEqual([503, twice]);
  back();
  while ((await readyz())[0] !== 200);
});

test('writes nothing once another has its lease, not even the Events that waited to be written', async () => {
  putStream();
  const create = { verb: 'create', resource: EVENTS } as const;
  server.fail(create, { kind: 'status', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 }, 1_000);
  const told: string[] = [];
  const log: Logger = { ...silentLogger, info: (_fields, message) => void told.push(message) };
  const end = begin({ log }, '--leader-elect=true', '--namespace=operators');
  await server.heard(create);
  const path = { namespace: 'operators', name: 'imagestream-operator' };
  const { spec, ...lease } = server.get<Lease>(LEASES, path) ?? { metadata: path };
  server.put<Lease>(LEASES, { ...lease, spec: { ...spec, holderIdentity: 'another' } });
  await until('it stopped working', () => told.includes('Stopped working'));
  server.forget();
  expect(await end).toBe(1);
  expect(server.requests().filter(({ verb }) => !['list', 'watch', 'get'].includes(verb))).toEqual([]);
});

test('cannot be begun with a registries file that is not there', async () => {
  const error = await begin({}, '--registries-file', '/nowhere/registries.yaml').catch((fault: unknown) => fault);
  ended = undefined;
  expect(faultLines(error)).toEqual(['Cannot read "/nowhere/registries.yaml": there is no such file or folder']);
});
