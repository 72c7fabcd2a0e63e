import { describe, expect, test } from '@jest/globals';
import { NamespaceCredentials } from '../../../src/command/namespace-credentials.ts';
import type { EventNews } from '../../../src/controller/events.ts';
import type { PullSecret } from '../../../src/kube/pull-secrets.ts';
import { silentLogger } from '../../../src/log.ts';

const { signal } = new AbortController();

function pullSecret(namespace: string, name: string, text: string): PullSecret {
  return {
    metadata: { namespace, name, uid: `uid-of-${name}` },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(text).toString('base64') },
  };
}

const login = (username: string) =>
  JSON.stringify({ auths: { 'quay.io': { auth: Buffer.from(`${username}:s3cret`).toString('base64') } } });

function credentials(
  byNamespace: Readonly<Record<string, readonly PullSecret[]>>,
  defaults: readonly PullSecret[] = [],
) {
  const events: EventNews[] = [];
  const made = new NamespaceCredentials({
    secrets: {
      held: () => undefined,
      forNamespace: async namespace => byNamespace[namespace] ?? [],
      defaults: async () => defaults,
    },
    strict: () => false,
    events: { event: event => events.push(event) },
    log: silentLogger,
  });
  const users = async (namespace: string) => {
    const { keyring, withoutSecrets } = await made.forNamespace(namespace, signal);
    const of = (ring: typeof keyring | undefined) =>
      ring?.candidates('quay.io', 'acme/app').map(candidate => ('username' in candidate ? candidate.username : ''));
    return { all: of(keyring), withoutSecrets: of(withoutSecrets) };
  };
  const guarded = async (namespace: string) => {
    const { keyring } = await made.forNamespace(namespace, signal);
    return keyring.candidates('quay.io', 'acme/app').map(candidate => candidate.guarded);
  };
  return { users, guarded, events };
}

describe('the credentials of a namespace (design D18)', () => {
  const secrets = {
    'team-a': [pullSecret('team-a', 'pull', login('a'))],
    'team-b': [pullSecret('team-b', 'pull', login('b'))],
  };

  test('are the pull secrets of that namespace, then the default one, and no others', async () => {
    const { users } = credentials(secrets, [pullSecret('platform', 'pull', login('everybody'))]);
    expect(await users('team-a')).toEqual({ all: ['a', 'everybody'], withoutSecrets: ['everybody'] });
    expect(await users('team-b')).toEqual({ all: ['b', 'everybody'], withoutSecrets: ['everybody'] });
    expect(await users('team-c')).toEqual({ all: ['everybody'], withoutSecrets: undefined });
  });

  test('the default one is guarded, and what a namespace has itself is its own, the same login included', async () => {
    const { guarded } = credentials(secrets, [pullSecret('platform', 'pull', login('everybody'))]);
    expect(await guarded('team-a')).toEqual([undefined, true]);
    expect(await guarded('team-c')).toEqual([true]);
    const copied = credentials({ 'team-a': [pullSecret('team-a', 'pull', login('everybody'))] }, [
      pullSecret('platform', 'pull', login('everybody')),
    ]);
    expect(await copied.guarded('team-a')).toEqual([undefined]);
  });

  test('are none where there are none', async () => {
    const { users } = credentials(secrets);
    expect(await users('team-c')).toEqual({ all: [], withoutSecrets: undefined });
  });

  test('D27 leave out a secret that cannot be read, which an Event on it tells once', async () => {
    const broken = pullSecret('team-a', 'broken', 's3cret, and no JSON');
    const { users, events } = credentials({ 'team-a': [broken, ...secrets['team-a']] });
    expect((await users('team-a')).all).toEqual(['a']);
    await users('team-a');
    const regarding = { apiVersion: 'v1', kind: 'Secret', namespace: 'team-a', name: 'broken', uid: 'uid-of-broken' };
    expect(events).toEqual([expect.objectContaining({ type: 'Warning', reason: 'PullSecretSkipped', regarding })]);
    expect(JSON.stringify(events)).not.toContain('s3cret');
  });
});

test('what is held already is not asked for', async () => {
  const unasked = async () => Promise.reject(new Error('nobody is to be asked'));
  const made = new NamespaceCredentials({
    secrets: {
      held: () => ({ own: [pullSecret('team-a', 'pull', login('a'))], defaults: [] }),
      forNamespace: unasked,
      defaults: unasked,
    },
    strict: () => false,
    events: { event: () => {} },
    log: silentLogger,
  });
  const { keyring } = await made.forNamespace('team-a', signal);
  expect(keyring.candidates('quay.io', 'acme/app')).toMatchObject([{ username: 'a' }]);
});
