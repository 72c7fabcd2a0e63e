import { describe, expect, test } from '@jest/globals';
import { MERGE_PATCH, type Stage } from './stage.ts';
import { KEY, LABEL_VALUE, NAME_PART, noMicroTime, SUBDOMAIN } from './words.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const TIME = '2026-01-02T03:04:05.678009Z';
const event = {
  eventTime: TIME,
  reportingController: 'acme.io/operator',
  reportingInstance: 'operator-1',
  action: 'Import',
  reason: 'Imported',
  type: 'Normal',
  note: 'something happened',
  regarding: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'acme', uid: 'u' },
};
const definition = {
  spec: {
    group: 'acme.io',
    scope: 'Namespaced',
    names: { plural: 'foos', kind: 'Foo' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

/** Where the objects of these kinds are created. */
const PATHS: Readonly<Record<string, (at: Stage) => string>> = {
  secrets: at => at.core('secrets'),
  configmaps: at => at.core('configmaps'),
  events: at => at.core('events'),
  'events.events.k8s.io': at => `/apis/events.k8s.io/v1/namespaces/${at.namespace}/events`,
  leases: at => `/apis/coordination.k8s.io/v1/namespaces/${at.namespace}/leases`,
  customresourcedefinitions: () => '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
};

/** What is refused of objects of Kubernetes' own kinds. */
export function refusedObjects(at: Stage): void {
  const send = (plural: string, body: object) => at.api.ask(PATHS[plural]?.(at) ?? plural, { method: 'POST', body });

  test.each<[plural: string, object: object, code: number, message: string]>([
    [
      'leases',
      { spec: { renewTime: '2026-01-02T03:04:05.678Z' } },
      400,
      noMicroTime('2026-01-02T03:04:05.678Z', '.678Z'),
    ],
    ['leases', { spec: { acquireTime: '2026-01-02T03:04:05Z' } }, 400, noMicroTime('2026-01-02T03:04:05Z', 'Z')],
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
    [
      'events.events.k8s.io',
      { ...event, eventTime: undefined },
      422,
      'Event "it" is invalid: [involvedObject.namespace: Invalid value: "acme": does not match event.namespace, eventTime: Required value]',
    ],
    [
      'events.events.k8s.io',
      { ...event, eventTime: '2026-01-02T03:04:05.678Z' },
      400,
      noMicroTime('2026-01-02T03:04:05.678Z', '.678Z').replaceAll('Lease', 'Event'),
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
      'events.events.k8s.io',
      { ...event, regarding: { kind: 'Node', name: 'n' } },
      422,
      'Event "it" is invalid: involvedObject.namespace: Invalid value: "": does not match event.namespace',
    ],
    [
      'events',
      {
        eventTime: TIME,
        involvedObject: { kind: 'Pod', namespace: 'acme' },
        reportingComponent: 'c',
        action: 'A',
        reason: 'R',
      },
      422,
      'Event "it" is invalid: reportingInstance: Required value',
    ],
    [
      'events',
      { involvedObject: { kind: 'Node', name: 'n' } },
      422,
      'Event "it" is invalid: involvedObject.namespace: Invalid value: "": does not match event.namespace',
    ],
    [
      'customresourcedefinitions',
      definition,
      422,
      'CustomResourceDefinition.apiextensions.k8s.io "it" is invalid: metadata.name: Invalid value: "it": must be spec.names.plural+"."+spec.group',
    ],
  ])('%s like %j', async (plural, object, code, message) => {
    const { body } = await send(plural, { metadata: { name: 'it' }, ...object });
    expect(body).toMatchObject({ kind: 'Status', code, message });
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
  ])('a change of %s', async (name, plural, object, change, message) => {
    const own = `changed-${name.replace(/[^a-z]+/gi, '-').toLowerCase()}`;
    expect((await send(plural, { metadata: { name: own }, ...object })).code).toBe(201);
    const { body } = await at.patch(`${PATHS[plural]?.(at)}/${own}`, MERGE_PATCH, change);
    expect(body).toMatchObject({ kind: 'Status', code: 422, message: message.replaceAll('"it"', `"${own}"`) });
  });

  describe('metadata', () => {
    test.each<[metadata: object, errors: string]>([
      [{}, 'metadata.name: Required value: name or generateName is required'],
      [{ name: 'App_x' }, `metadata.name: Invalid value: "App_x": ${SUBDOMAIN}`],
      [{ name: 'a', labels: { a: 'b c' } }, `metadata.labels: Invalid value: "b c": ${LABEL_VALUE}`],
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
    ])('like %j', async (metadata, errors) => {
      const { name = '' } = metadata as { name?: string };
      const { body } = await send('configmaps', { metadata });
      expect(body).toMatchObject({ code: 422, message: `ConfigMap "${name}" is invalid: ${errors}` });
    });

    test.each<[metadata: unknown]>([
      ['x'],
      [[]],
      [{ name: 5 }],
      [{ name: 'a', labels: { a: 1 } }],
      [{ name: 'a', finalizers: 'x' }],
      [{ name: 'a', creationTimestamp: 'today' }],
    ])('like %j, which cannot be read', async metadata => {
      expect((await send('configmaps', { metadata })).code).toBe(400);
    });

    test('with a beginning of a name that none may have', async () => {
      const { body } = await send('configmaps', { metadata: { generateName: 'App_' } });
      const fields = body.details.causes.map(({ field }: { field: string }) => field);
      expect(fields).toEqual(['metadata.generateName', 'metadata.name']);
    });
  });
}
