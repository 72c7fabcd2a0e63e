import { beforeEach, describe, expect, test } from '@jest/globals';
import { tableOf } from '../../../src/standalone/http/table.ts';
import { type AnyObject, merge, refusal, type Stage, stage, target } from './stage.ts';

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
const LEASE_TIME = (text: string, rest: string) =>
  `Lease in version "v1" cannot be handled as a Lease: parsing time "${text}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "${rest}" as ".000000"`;
const KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/* As kube-apiserver 1.36 answers. */
test.each<[plural: string, object: object, code: number, message: string]>([
  ['leases', { spec: { renewTime: '2026-01-02T03:04:05.678Z' } }, 400, LEASE_TIME('2026-01-02T03:04:05.678Z', '.678Z')],
  ['leases', { spec: { acquireTime: '2026-01-02T03:04:05Z' } }, 400, LEASE_TIME('2026-01-02T03:04:05Z', 'Z')],
  [
    'leases',
    { spec: { leaseDurationSeconds: '15' } },
    400,
    'Lease in version "v1" cannot be handled as a Lease: json: cannot unmarshal string into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32',
  ],
  [
    'leases',
    { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
    422,
    'Lease.coordination.k8s.io "it" is invalid: [spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0, spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0]',
  ],
  [
    'secrets',
    { data: { a: 'eA==%' } },
    400,
    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4',
  ],
  [
    'secrets',
    { data: { a: 1 } },
    400,
    'Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal number into Go struct field Secret.data of type []uint8',
  ],
  [
    'secrets',
    { stringData: { a: 1 } },
    400,
    'Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal number into Go struct field Secret.stringData of type string',
  ],
  [
    'secrets',
    { data: [] },
    400,
    'Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal array into Go struct field Secret.data of type map[string][]uint8',
  ],
  ['secrets', { data: { 'a b': '' } }, 422, `Secret "it" is invalid: data[a b]: Invalid value: "a b": ${KEY}`],
  [
    'secrets',
    { type: 'kubernetes.io/dockerconfigjson' },
    422,
    'Secret "it" is invalid: data[.dockerconfigjson]: Required value',
  ],
  [
    'secrets',
    { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{"a":' } },
    422,
    'Secret "it" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
  ],
  [
    'secrets',
    { type: 'kubernetes.io/dockercfg', stringData: { '.dockercfg': '[]' } },
    422,
    'Secret "it" is invalid: data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
  ],
  [
    'secrets',
    { type: 'kubernetes.io/basic-auth' },
    422,
    'Secret "it" is invalid: [data[username]: Required value, data[password]: Required value]',
  ],
  [
    'secrets',
    { type: 'kubernetes.io/tls', data: { 'tls.key': '' } },
    422,
    'Secret "it" is invalid: data[tls.crt]: Required value',
  ],
  [
    'secrets',
    { data: { a: base64('x'.repeat(1_048_577)) } },
    422,
    'Secret "it" is invalid: data: Too long: may not be more than 1048576 bytes',
  ],
  [
    'configmaps',
    { data: { a: 1 } },
    400,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  ],
  ['configmaps', { data: { 'a b': '' } }, 422, `ConfigMap "it" is invalid: data[a b]: Invalid value: "a b": ${KEY}`],
  [
    'configmaps',
    { data: { a: '1' }, binaryData: { a: 'eA==' } },
    422,
    'ConfigMap "it" is invalid: data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ],
  [
    'configmaps',
    { data: { a: 'x'.repeat(1_048_577) } },
    422,
    'ConfigMap "it" is invalid: []: Too long: may not be more than 1048576 bytes',
  ],
  ['events.events.k8s.io', { ...event, eventTime: undefined }, 422, 'Event "it" is invalid: eventTime: Required value'],
  [
    'events.events.k8s.io',
    { ...event, eventTime: '2026-01-02T03:04:05.678Z' },
    400,
    LEASE_TIME('2026-01-02T03:04:05.678Z', '.678Z').replaceAll('Lease', 'Event'),
  ],
  [
    'events.events.k8s.io',
    { ...event, reportingController: undefined },
    422,
    `Event "it" is invalid: [reportingController: Required value, reportingController: Invalid value: "": name part must be non-empty, reportingController: Invalid value: "": ${NAME_PART}]`,
  ],
  [
    'events.events.k8s.io',
    { ...event, reportingController: 'a b' },
    422,
    `Event "it" is invalid: reportingController: Invalid value: "a b": ${NAME_PART}`,
  ],
  [
    'events.events.k8s.io',
    { ...event, reportingInstance: undefined },
    422,
    'Event "it" is invalid: reportingInstance: Required value',
  ],
  [
    'events.events.k8s.io',
    { ...event, reportingInstance: 'i'.repeat(129) },
    422,
    'Event "it" is invalid: reportingInstance: Invalid value: "": can have at most 128 characters',
  ],
  ['events.events.k8s.io', { ...event, action: undefined }, 422, 'Event "it" is invalid: action: Required value'],
  [
    'events.events.k8s.io',
    { ...event, reason: 'r'.repeat(129) },
    422,
    'Event "it" is invalid: reason: Invalid value: "": can have at most 128 characters',
  ],
  [
    'events.events.k8s.io',
    { ...event, type: 'Odd' },
    422,
    'Event "it" is invalid: type: Invalid value: "": has invalid value: Odd',
  ],
  [
    'events.events.k8s.io',
    { ...event, note: 'n'.repeat(1_025) },
    422,
    'Event "it" is invalid: message: Invalid value: "": can have at most 1024 characters',
  ],
  [
    'events.events.k8s.io',
    { ...event, deprecatedCount: 4 },
    422,
    'Event "it" is invalid: count: Invalid value: "": needs to be unset',
  ],
  [
    'events.events.k8s.io',
    { ...event, series: { count: 1, lastObservedTime: TIME } },
    422,
    'Event "it" is invalid: series.count: Invalid value: "": should be at least 2',
  ],
  [
    'events.events.k8s.io',
    { ...event, series: { count: 2 } },
    422,
    'Event "it" is invalid: series.lastObservedTime: Required value',
  ],
  [
    'events',
    { involvedObject: { kind: 'Pod', namespace: 'other' } },
    422,
    'Event "it" is invalid: involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ],
  [
    'customresourcedefinitions',
    definition,
    422,
    'CustomResourceDefinition.apiextensions.k8s.io "it" is invalid: metadata.name: Invalid value: "it": must be spec.names.plural+"."+spec.group',
  ],
])('%s like %j are refused', async (plural, object, code, message) => {
  expect(await refusal(on.create(plural, named(object)))).toMatchObject({ code, message });
});

test.each<[name: string, plural: string, object: object, change: object, message: string]>([
  [
    'the type of a Secret',
    'secrets',
    {},
    { type: 'other' },
    'Secret "it" is invalid: type: Invalid value: "other": field is immutable',
  ],
  [
    'an immutable Secret',
    'secrets',
    { immutable: true, data: { a: '' } },
    { data: { a: 'eA==' } },
    'Secret "it" is invalid: data: Forbidden: field is immutable when `immutable` is set',
  ],
  [
    'an immutable ConfigMap to one that is not',
    'configmaps',
    { immutable: true },
    { immutable: null },
    'ConfigMap "it" is invalid: immutable: Forbidden: field is immutable when `immutable` is set',
  ],
  [
    'the note of an Event',
    'events.events.k8s.io',
    event,
    { note: 'other' },
    'Event "it" is invalid: message: Invalid value: "other": field is immutable',
  ],
  [
    'the time of an Event',
    'events.events.k8s.io',
    event,
    { eventTime: '2026-01-02T03:04:06.678009Z' },
    'Event "it" is invalid: eventTime: Invalid value: "2026-01-02T03:04:06.678009Z": field is immutable',
  ],
])('changing %s is refused', async (_name, plural, object, change, message) => {
  await on.create(plural, named(object));
  expect(await refusal(on.patch(`${plural}/demo/it`, merge(change)))).toMatchObject({ code: 422, message });
});

describe('Secrets', () => {
  test('are of a type, and take texts as they are', async () => {
    const made = await on.create('secrets', named({ stringData: { a: 'ü' }, data: { a: 'eA==', b: 'eA\n==' } }));
    expect(made).toMatchObject({ type: 'Opaque', data: { a: base64('ü'), b: 'eA==' } });
    expect(made).not.toHaveProperty('stringData');
    expect(await on.create('secrets', named({}, 'empty'))).not.toHaveProperty('data');
  });
});

describe('Events', () => {
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
    const core = { involvedObject: { kind: 'Pod', name: 'p' }, message: 'm', source: { component: 'c' }, count: 3 };
    await on.create('events', named(core, 'old'));
    expect(await on.get('events.events.k8s.io/demo/old')).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: core.involvedObject,
      note: 'm',
      deprecatedSource: core.source,
      deprecatedCount: 3,
    });
  });

  test('take a series', async () => {
    await on.create('events.events.k8s.io', named(event));
    const series = { count: 2, lastObservedTime: TIME };
    const { object } = await on.patch('events.events.k8s.io/demo/it', merge({ series }));
    expect(object).toMatchObject({ ...event, series });
    expect(await on.get('events/demo/it')).toMatchObject({ series, message: event.note });
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

  test('of others are taken, and named in full', async () => {
    const made = await on.create('customresourcedefinitions', named(definition, 'foos.acme.io'));
    expect(made).toMatchObject({
      spec: { names: { plural: 'foos', kind: 'Foo', singular: 'foo', listKind: 'FooList' } },
      status: { storedVersions: ['v1'] },
    });
  });
});

describe('metadata', () => {
  const LABEL = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;
  const SUBDOMAIN = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;

  test.each<[metadata: object, errors: string]>([
    [{}, 'metadata.name: Required value: name or generateName is required'],
    [{ name: 'App_x' }, `metadata.name: Invalid value: "App_x": ${SUBDOMAIN}`],
    [{ name: 'a', labels: { a: 'b c' } }, `metadata.labels: Invalid value: "b c": ${LABEL}`],
    [{ name: 'a', labels: { 'a b': '' } }, `metadata.labels: Invalid value: "a b": ${NAME_PART}`],
    [{ name: 'a', annotations: { 'a b': '' } }, `metadata.annotations: Invalid value: "a b": ${NAME_PART}`],
    [
      { name: 'a', annotations: { a: 'x'.repeat(262_144) } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [{ name: 'a', finalizers: ['a b/c'] }, `metadata.finalizers: Invalid value: "a b/c": prefix part ${SUBDOMAIN}`],
    [
      { name: 'a', ownerReferences: [{ kind: 'X' }] },
      '[metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty, metadata.ownerReferences.name: Invalid value: "": must not be empty, metadata.ownerReferences.uid: Invalid value: "": must not be empty]',
    ],
  ])('like %j is refused', async (metadata, errors) => {
    const { name = '' } = metadata as { name?: string };
    const status = await refusal(on.create('configmaps', { metadata }));
    expect(status).toMatchObject({ code: 422, message: `ConfigMap "${name}" is invalid: ${errors}` });
  });

  test.each<[metadata: unknown]>([
    ['x'],
    [[]],
    [{ name: 5 }],
    [{ name: 'a', labels: { a: 1 } }],
    [{ name: 'a', finalizers: 'x' }],
    [{ name: 'a', creationTimestamp: 'today' }],
  ])('like %j cannot be read', async metadata => {
    expect(await refusal(on.create('configmaps', { metadata } as AnyObject))).toMatchObject({ code: 400 });
  });

  test('of a generated name is refused for its beginning, too', async () => {
    const { details } = await refusal(on.create('configmaps', { metadata: { generateName: 'App_' } }));
    expect(details?.causes?.map(({ field }) => field)).toEqual(['metadata.generateName', 'metadata.name']);
  });
});

test('of kinds of Kubernetes, what is null is not there', async () => {
  const made = await on.create('deployments', named({ spec: { a: null, b: [{ c: null }] } }));
  expect(made['spec']).toEqual({ b: [{}] });
  expect(await on.create('configmaps', named({ data: null }))).not.toHaveProperty('data');
});
