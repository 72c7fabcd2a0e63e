import { describe, expect, test } from '@jest/globals';
import { NamespaceCredentials } from '../../../src/command/namespace-credentials.ts';
import { rememberingKeyring } from '../../../src/command/remembering-keyring.ts';
import type { News } from '../../../src/controller/announcer.ts';
import type { PullSecret } from '../../../src/kube/pull-secrets.ts';
import { silentLogger } from '../../../src/log.ts';
import type { Keyring } from '../../../src/registry/types.ts';

const { signal } = new AbortController();

/** A pull secret whose entries are told as `{ location: user }`. */
function secret(name: string, users: Readonly<Record<string, string>>): PullSecret {
  const auths = Object.fromEntries(
    Object.entries(users).map(([location, user]) => [location, { auth: Buffer.from(user).toString('base64') }]),
  );
  return {
    metadata: { namespace: 'demo', name, uid: `uid of ${name}` },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  };
}

/** `count` entries `at-0.example.com`, `at-1.example.com`, … */
function many(name: string, count: number): PullSecret {
  return secret(
    name,
    Object.fromEntries(Array.from({ length: count }, (_each, at) => [`${name}-${at}.example.com`, 'bob:pass'])),
  );
}

function setUp(own: readonly PullSecret[]) {
  const told: News[] = [];
  const state = { strict: false };
  const credentials = new NamespaceCredentials({
    secrets: { held: () => undefined, forNamespace: async () => own, defaults: async () => [] },
    strict: () => state.strict,
    events: { event: news => told.push(news) },
    log: silentLogger,
  });
  return { state, told, identity: () => credentials.forNamespace('demo', signal) };
}

/** Names of those who would be tried for an image of this registry, in order. */
function users(keyring: Keyring, host: string): readonly string[] {
  return keyring.candidates(host, 'acme/app').map(one => ('username' in one ? one.username : one.kind));
}

describe('credentials of a namespace', () => {
  test('matches as the registries file says now', async () => {
    const { state, identity } = setUp([secret('own', { 'QUAY.io': 'own:p' })]);
    expect(users((await identity()).keyring, 'quay.io')).toEqual(['own']);
    state.strict = true;
    expect(users((await identity()).keyring, 'quay.io')).toEqual([]);
  });

  test('of a secret with a thousand faults tells three, and how many more there are', async () => {
    const faults = Object.fromEntries(Array.from({ length: 1_000 }, (_each, at) => [`h${at}.example.com`, 'no colon']));
    const { told, identity } = setUp([secret('bad', faults)]);
    await identity();
    expect(told).toHaveLength(4);
    expect(told[3]?.note).toBe('and 997 more entries');
  });

  test('uses a thousand entries of a namespace, and tells of the secrets that are cut', async () => {
    const { told, identity } = setUp([many('a', 600), many('b', 600), many('c', 1)]);
    const { keyring } = await identity();
    for (const host of ['a-599', 'b-399']) expect(users(keyring, `${host}.example.com`)).toEqual(['bob']);
    for (const host of ['b-400', 'c-0']) expect(users(keyring, `${host}.example.com`)).toEqual([]);
    expect(told.map(({ regarding, note }) => `${regarding.name}: ${note}`)).toEqual([
      'b: only 1000 entries of a namespace are used',
      'c: only 1000 entries of a namespace are used',
    ]);
  });
});

describe('rememberingKeyring()', () => {
  test('looks once for a repository, and keeps no more than a few hundred of them', () => {
    const looked: string[] = [];
    const keyring = rememberingKeyring({
      candidates: (host, repository) => {
        looked.push(`${host}/${repository}`);
        return [];
      },
    });
    for (const repository of ['a', 'a', 'b', 'a']) keyring.candidates('quay.io', repository);
    expect(looked).toEqual(['quay.io/a', 'quay.io/b']);
    for (let at = 0; at < 1_000; at += 1) keyring.candidates('quay.io', `r${at}`);
    keyring.candidates('quay.io', 'a');
    expect(looked.filter(one => one === 'quay.io/a')).toHaveLength(2);
  });
});
