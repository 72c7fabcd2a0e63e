import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeProtobuf } from '../../../../src/standalone/http/protobuf.ts';

/* What kubectl 1.32.4 sent, in base64. */

const NAMESPACE = 'azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEZGVtbxIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==';

const cases = [
  {
    command: 'create namespace demo',
    sent: NAMESPACE,
    want: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' }, spec: {} },
  },
  {
    command: 'create secret generic s --from-literal=a=b --type=example.com/x',
    sent: 'azhzAAoMCgJ2MRIGU2VjcmV0EioKEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaDWV4YW1wbGUuY29tL3gaACIA',
    want: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'Yg==' }, type: 'example.com/x' },
  },
  {
    command: 'create configmap c --from-literal=a=b --from-literal=c=d',
    sent: 'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiMKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESAWISBgoBYxIBZBoAIgA=',
    want: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b', c: 'd' } },
  },
  {
    command: 'create serviceaccount robot',
    sent: 'azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSFwoVCgVyb2JvdBIAGgAiACoAMgA4AEIAGgAiAA==',
    want: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
  },
  {
    command: 'auth whoami',
    sent: 'azhzAAotChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESEVNlbGZTdWJqZWN0UmV2aWV3EhoKEAoAEgAaACIAKgAyADgAQgASBgoECgASABoAIgA=',
    want: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} },
  },
  {
    command: 'auth can-i create deployments.apps/scale',
    sent: 'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSTAoQCgASABoAIgAqADIAOABCABIuCiwKBGRlbW8SBmNyZWF0ZRoEYXBwcyIAKgtkZXBsb3ltZW50czIAOgVzY2FsZRoICAASABoAIAAaACIA',
    want: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: {
        resourceAttributes: {
          namespace: 'demo',
          verb: 'create',
          group: 'apps',
          resource: 'deployments',
          name: 'scale',
        },
      },
    },
  },
  {
    command: 'auth can-i get /healthz',
    sent: 'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSLwoQCgASABoAIgAqADIAOABCABIREg8KCC9oZWFsdGh6EgNnZXQaCAgAEgAaACAAGgAiAA==',
    want: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: { nonResourceAttributes: { path: '/healthz', verb: 'get' } },
    },
  },
  {
    command: 'auth can-i --list',
    sent: 'azhzAAoxChdhdXRob3JpemF0aW9uLms4cy5pby92MRIWU2VsZlN1YmplY3RSdWxlc1JldmlldxIgChAKABIAGgAiACoAMgA4AEIAEgYKBGRlbW8aBBgAIgAaACIA',
    want: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: { namespace: 'demo' },
    },
  },
];

test.each(cases)('decodeProtobuf() reads what kubectl $command sends', ({ sent, want }) => {
  expect(decodeProtobuf(Buffer.from(sent, 'base64'))).toEqual(want);
});

test.each([
  { name: 'JSON', bytes: Buffer.from('{"kind":"Namespace"}') },
  { name: 'nothing', bytes: Buffer.alloc(0) },
  { name: 'a kind that is not sent this way', bytes: Buffer.from('k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod') },
])('decodeProtobuf() is undefined for $name', ({ bytes }) => {
  expect(decodeProtobuf(bytes)).toBeUndefined();
});

test('decodeProtobuf() never throws, wherever bytes break off or are changed', () => {
  const bytes = Buffer.from(NAMESPACE, 'base64');
  for (let length = 0; length < bytes.length; length += 1) decodeProtobuf(bytes.subarray(0, length));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 64 }), (at, value, tail) => {
      const changed = Buffer.concat([bytes, tail]);
      changed[at] = value;
      decodeProtobuf(changed);
      decodeProtobuf(Buffer.concat([Buffer.from('k8s\0'), tail]));
    }),
  );
});

test('decodeProtobuf() takes keys of maps as they are', () => {
  // metadata { labels { key: "__proto__" value: "x" } }
  const entry = Buffer.from('\x0a\x09__proto__\x12\x01x');
  const metadata = Buffer.concat([Buffer.from([0x5a, entry.length]), entry]);
  const raw = Buffer.concat([Buffer.from([0x0a, metadata.length]), metadata]);
  const type = Buffer.from('\x0a\x0f\x0a\x02v1\x12\x09Namespace');
  const bytes = Buffer.concat([Buffer.from('k8s\0'), type, Buffer.from([0x12, raw.length]), raw]);
  const { metadata: read } = decodeProtobuf(bytes) as { metadata: { labels: object } };
  expect(Object.entries(read.labels)).toEqual([['__proto__', 'x']]);
});
