import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { controlPlaneParts } from '../../hack/control-plane/parts.ts';
import { startControlPlane } from '../../hack/control-plane/start.ts';
import { useControlPlane } from './control-plane.ts';
import { at, ROOT, shipped } from './shipped.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;

interface ObjectList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

describe('the control plane', () => {
  test('is a real one of a known version', async () => {
    const { serverVersion } = JSON.parse(await kubectl.ok(['version', '--output=json']));
    expect(serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+/);
    expect(Number.parseInt(serverVersion.minor, 10)).toBeGreaterThanOrEqual(35);
  });

  describe('knows a ServiceAccount by its token', () => {
    const account = { namespace: 'acme', serviceAccount: 'reader' };
    beforeAll(async () => {
      await cluster.createNamespace('acme');
      const inAcme = (...args: string[]) => kubectl.ok(['create', ...args, '--namespace=acme']);
      await inAcme('serviceaccount', 'reader');
      await inAcme('role', 'reads', '--verb=get,list', '--resource=configmaps');
      await inAcme('rolebinding', 'reads', '--role=reads', '--serviceaccount=acme:reader');
    });

    test('and lets it do what its roles say, and nothing else', async () => {
      const kubeconfig = await cluster.kubeconfigFor(account);
      expect(await kubectl.ok(['auth', 'whoami'], { kubeconfig })).toContain('system:serviceaccount:acme:reader');
      expect(await kubectl.ok(['get', 'configmaps', '--output=name'], { kubeconfig })).toBe('');
      const refused = (...args: string[]) => kubectl.refused(args, { kubeconfig });
      expect(await refused('get', 'secrets')).toContain('Error from server (Forbidden)');
      expect(await refused('get', 'configmaps', '--namespace=default')).toContain('Error from server (Forbidden)');
    });

    test('and not at all by another text', async () => {
      const kubeconfig = await cluster.plane().kubeconfigFor('nobody', 'not a token', 'acme');
      expect(await kubectl.refused(['get', 'configmaps'], { kubeconfig })).toContain('You must be logged in');
    });
  });

  test('comes back after a crash at the same address, with all that was stored', async () => {
    await kubectl.ok(['create', 'configmap', 'kept', '--from-literal=a=b']);
    const { url } = cluster.plane();
    await cluster.plane().killApiServer();
    expect(await kubectl.refused(['get', 'configmaps'])).toContain('refused');
    await cluster.plane().startApiServer();
    expect(cluster.plane().url).toBe(url);
    expect(await cluster.get('configmap', 'kept')).toMatchObject({ data: { a: 'b' } });
  });

  test('answers 410 to a watch from before a restart and a compaction', async () => {
    const configMaps = '/api/v1/namespaces/default/configmaps';
    const { metadata } = (await cluster.plane().ask('GET', configMaps)) as ObjectList;
    await kubectl.ok(['create', 'configmap', 'later']);
    await cluster.plane().killApiServer('SIGTERM');
    await cluster.plane().compact();
    await cluster.plane().startApiServer();
    const watch = `${configMaps}?watch=1&timeoutSeconds=5&resourceVersion=${metadata.resourceVersion}`;
    expect(await cluster.plane().ask('GET', watch)).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });
});

test('without its watch cache, the control plane answers 410 to all that is older than a compaction', async () => {
  const plane = await startControlPlane({ flags: ['--watch-cache=false'] });
  try {
    const configMaps = '/api/v1/namespaces/default/configmaps';
    const create = (name: string) => plane.ask('POST', configMaps, { metadata: { name } });
    for (const name of ['a', 'b']) await create(name);
    const { metadata } = (await plane.ask('GET', `${configMaps}?limit=1`)) as ObjectList;
    // The last change is kept: a watch that lacks only that one is not behind.
    for (const name of ['c', 'd']) await create(name);
    await plane.compact();
    const next = plane.ask('GET', `${configMaps}?limit=1&continue=${metadata.continue}`);
    await expect(next).rejects.toThrow(' 410: ');
    const watch = plane.ask(
      'GET',
      `${configMaps}?watch=1&timeoutSeconds=5&resourceVersion=${metadata.resourceVersion}`,
    );
    expect(await watch).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  } finally {
    await plane.stop();
  }
});

describe('hack/control-plane/build.ts', () => {
  const build = (env: Readonly<Record<string, string>>) =>
    shipped([join(ROOT, 'hack/control-plane/build.ts')], {
      program: process.execPath,
      env: { PATH: '/nowhere', XDG_CACHE_HOME: at('cache'), ...env },
    });
  /** A folder with programs that say this of their versions. */
  const assets = (name: string, apiServer: string, etcd: string) => {
    mkdirSync(at(name));
    for (const [program, says] of Object.entries({ 'kube-apiserver': apiServer, etcd })) {
      writeFileSync(join(at(name), program), `#!/bin/sh\necho '${says}'\n`);
      chmodSync(join(at(name), program), 0o755);
    }
    return at(name);
  };

  test('says in one line what to do where there is nothing to build with', async () => {
    const { status, stdout, stderr } = await build({});
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^hack\/control-plane\/build\.ts: no control plane: set KUBEBUILDER_ASSETS .*\n$/);
  });

  test('takes the programs of KUBEBUILDER_ASSETS', async () => {
    const parts = controlPlaneParts();
    mkdirSync(at('real'));
    symlinkSync(parts?.apiServer ?? '', join(at('real'), 'kube-apiserver'));
    symlinkSync(parts?.etcd ?? '', join(at('real'), 'etcd'));
    const { status, stdout } = await build({ KUBEBUILDER_ASSETS: at('real') });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^kube-apiserver 1\.\S+ .*real\/kube-apiserver\netcd 3\.\S+ .*real\/etcd\n$/);
  });

  test.each([
    ['an etcd that stalls it', 'Kubernetes v1.36.0', 'etcd Version: 3.4.23', 'etcd 3.4.23: 3.5 or newer is needed'],
    ['an old API server', 'Kubernetes v1.9.1', 'etcd Version: 3.5.0', 'kube-apiserver 1.9.1: 1.35 or newer is needed'],
    ['programs that name no version', 'hello', 'hello', 'names no version'],
  ])('refuses %s', async (name, apiServer, etcd, words) => {
    const { status, stderr } = await build({
      KUBEBUILDER_ASSETS: assets(name, apiServer, etcd),
      PATH: process.env['PATH'] ?? '',
    });
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(words)]);
  });

  test('says so when KUBEBUILDER_ASSETS holds nothing', async () => {
    const { status, stderr } = await build({ KUBEBUILDER_ASSETS: '/nowhere' });
    expect(status).toBe(1);
    expect(stderr).toContain('KUBEBUILDER_ASSETS is "/nowhere", where kube-apiserver and etcd are not both');
  });
});
