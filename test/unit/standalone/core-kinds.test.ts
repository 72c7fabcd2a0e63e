import { beforeEach, describe, expect, test } from '@jest/globals';
import { tableOf } from '../../../src/standalone/http/table.ts';
import { merge, refusal, type Stage, stage, target } from './stage.ts';

let on: Stage;
beforeEach(async () => {
  on = await stage();
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const named = (parts: object, name = 'it') => ({ metadata: { name }, ...parts });
const TIME = '2026-01-02T03:04:05.678009Z';
const event = {
  eventTime: TIME,
  reportingController: 'acme.io/operator',
  reportingInstance: 'operator-1',
  action: 'Import',
  reason: 'Imported',
  type: 'Normal',
  note: 'something happened',
  regarding: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'demo', uid: 'u' },
};
const definition = {
  spec: {
    group: 'acme.io',
    scope: 'Namespaced',
    names: { plural: 'foos', kind: 'Foo' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

describe('Secrets', () => {
  test('are of a type, and take texts as they are', async () => {
    const made = await on.create('secrets', named({ stringData: { a: 'ü' }, data: { a: 'eA==', b: 'eA\n==' } }));
    expect(made).toMatchObject({ type: 'Opaque', data: { a: base64('ü'), b: 'eA==' } });
    expect(made).not.toHaveProperty('stringData');
    expect(await on.create('secrets', named({}, 'empty'))).not.toHaveProperty('data');
  });
});

describe('Events', () => {
  const core = {
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'demo' },
    message: 'm',
    source: { component: 'c' },
    count: 3,
  };

  test('are those of either group, each in its own words', async () => {
    const made = await on.create('events.events.k8s.io', named(event));
    expect(made).toMatchObject({ apiVersion: 'events.k8s.io/v1', ...event });
    const { regarding, note, reportingController, ...same } = event;
    const old = await on.get('events/demo/it');
    expect(old).toEqual({
      ...same,
      apiVersion: 'v1',
      kind: 'Event',
      metadata: made.metadata,
      involvedObject: regarding,
      message: note,
      reportingComponent: reportingController,
    });
    await on.create('events', named(core, 'old'));
    expect(await on.get('events.events.k8s.io/demo/old')).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: core.involvedObject,
      note: 'm',
      deprecatedSource: core.source,
      deprecatedCount: 3,
    });
  });

  test('may be as long as they may be', async () => {
    const long = { note: 'n'.repeat(1_024), action: 'a'.repeat(128), reportingInstance: 'i'.repeat(128) };
    expect(await on.create('events.events.k8s.io', named({ ...event, ...long }))).toMatchObject(long);
  });

  test('take a series', async () => {
    await on.create('events.events.k8s.io', named(event));
    const series = { count: 2, lastObservedTime: TIME };
    const { object } = await on.patch('events.events.k8s.io/demo/it', merge({ series }));
    expect(object).toMatchObject({ ...event, series });
    expect(await on.get('events/demo/it')).toMatchObject({ series, message: event.note });
  });

  test('are forgotten an hour after they last happened', async () => {
    const start = on.now;
    const at = (ms: number) => new Date(start + ms).toISOString().replace('Z', '000Z');
    const lasting = { ...event, series: { count: 2, lastObservedTime: at(3_600_000) } };
    await on.create('events.events.k8s.io', { ...event, metadata: { name: 'old' } });
    await on.create('events.events.k8s.io', { ...lasting, metadata: { name: 'lasting' } });
    await on.create('events', { ...core, lastTimestamp: at(3_700_000), metadata: { name: 'core' } });
    on.now = start + 3_500_000;
    await on.create('events', { ...core, metadata: { name: 'young' } });
    expect(await on.names('events')).toEqual(['core', 'lasting', 'old', 'young']);
    on.now = start + 4_200_000;
    const changes = on.changes('events');
    await on.create('events', { ...core, metadata: { name: 'new' } });
    expect(await on.names('events')).toEqual(['core', 'lasting', 'new', 'young']);
    expect(changes.map(({ type, now }) => `${type} ${now.name}`)).toEqual(['ADDED new', 'DELETED old']);
    // All of them are looked through every ten minutes at most.
    const steps: [passed: number, name: string, want: string[]][] = [
      [3_100_001, 'second', ['new', 'second']],
      [599_999, 'third', ['new', 'second', 'third']],
      [1, 'fourth', ['fourth', 'second', 'third']],
    ];
    for (const [passed, name, want] of steps) {
      on.now += passed;
      await on.create('events', { ...core, metadata: { name } });
      expect(await on.names('events')).toEqual(want);
    }
  });

  test('are printed alike, whichever group is asked', async () => {
    await on.create('events.events.k8s.io', named(event));
    const rows = await Promise.all(
      ['events/demo/it', 'events.events.k8s.io/demo/it'].map(async place => {
        const now = Date.parse('2026-01-02T03:05:05Z');
        return tableOf(target(place).kind).row(await on.get(place), 'None', now).cells;
      }),
    );
    expect(rows[0]).toEqual(['it', '59s', 'Normal', 'Imported', 'pod/p', 'something happened']);
    expect(rows[1]).toEqual(rows[0]);
  });
});

test('Leases are not held for half a second', async () => {
  const lease = named({ spec: { leaseDurationSeconds: 1.5 } });
  expect(await refusal(on.create('leases', lease))).toMatchObject({ code: 400 });
});

describe('Namespaces', () => {
  test('are active, and labelled with their name, whatever is said', async () => {
    const made = await on.create('namespaces', named({ status: { phase: 'Odd' }, spec: { finalizers: [] } }));
    expect(made).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'it' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    const { object } = await on.patch('namespaces/it', merge({ metadata: { labels: null }, spec: null }));
    expect(object).toEqual(made);
  });

  test.each([
    ['a.b', 'must not contain dots'],
    ['x'.repeat(64), 'must be no more than 63 characters'],
  ])('are not called %s', async (name, why) => {
    const { message } = await refusal(on.create('namespaces', named({}, name)));
    expect(message).toContain(`metadata.name: Invalid value: "${name}": ${why}`);
  });
});

describe('CustomResourceDefinitions', () => {
  test('of ours are there, established', async () => {
    const names = ['images', 'imagestreamimports', 'imagestreams'].map(name => `${name}.image.openshift.io`);
    expect(await on.names('customresourcedefinitions')).toEqual(names);
    const crd = await on.get(`customresourcedefinitions/${names[0]}`);
    expect(crd['status']).toMatchObject({
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
      storedVersions: ['v1alpha1'],
      acceptedNames: { plural: 'images', kind: 'Image' },
    });
  });

  test('that tell nothing are refused', async () => {
    const status = await refusal(on.create('customresourcedefinitions', named({ spec: { names: { kind: '' } } })));
    expect(status.details?.causes?.map(({ field }) => field)).toEqual([
      'metadata.name',
      'spec.group',
      'spec.scope',
      'spec.names.plural',
      'spec.names.kind',
      'spec.versions',
    ]);
  });

  test('of others are taken, and named in full', async () => {
    const made = await on.create('customresourcedefinitions', named(definition, 'foos.acme.io'));
    expect(made).toMatchObject({
      spec: { names: { plural: 'foos', kind: 'Foo', singular: 'foo', listKind: 'FooList' } },
      status: { storedVersions: ['v1'] },
    });
  });
});

test('of kinds of Kubernetes, what is null is not there', async () => {
  const made = await on.create('deployments', named({ spec: { a: null, b: [{ c: null }] } }));
  expect(made['spec']).toEqual({ b: [{}] });
  expect(await on.create('configmaps', named({ data: null }))).not.toHaveProperty('data');
});
