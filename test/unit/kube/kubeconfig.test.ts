import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type KubeConfigOptions, loadKubeConfig } from '../../../src/kube/kubeconfig.ts';
import { fakeClock } from '../../fake/clock.ts';
import { keyPair, testCa } from '../../fake/tls.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterEach(() => rm(home, { recursive: true }));

const file = async (name: string, content: unknown): Promise<string> => {
  const path = join(home, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

/** A kubeconfig whose current context is `x`: cluster `c`, user `u`. */
const config = (more: { cluster?: object; user?: object; context?: object; rest?: object } = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: 'https://api.example.com:6443/', ...more.cluster } }],
  users: [{ name: 'u', user: { token: 't0ken', ...more.user } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...more.context } }],
  'current-context': 'x',
  ...more.rest,
});

const load = async (content: unknown) => {
  const kubeconfig = await file('config', content);
  return loadKubeConfig({ kubeconfig, env: {} });
};
const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (error: unknown) => String(error),
  );

describe('loadKubeConfig() finds', () => {
  const pod = async () => {
    await file('sa/token', 'of-the-pod\n');
    await file('sa/ca.crt', testCa);
    await file('sa/namespace', 'operators\n');
    return {
      serviceAccount: join(home, 'sa'),
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' },
    };
  };

  test('the file that was named, before anything else', async () => {
    const kubeconfig = await file('named', config({ user: { token: 'of-the-named' } }));
    const { env, serviceAccount } = await pod();
    const other = await file('other', config());
    const found = await loadKubeConfig({ kubeconfig, serviceAccount, env: { ...env, KUBECONFIG: other } });
    expect(found).toMatchObject({
      server: 'https://api.example.com:6443',
      namespace: 'default',
      source: `kubeconfig "${kubeconfig}"`,
    });
    expect((await found.credentials()).headers).toEqual({ Authorization: 'Bearer of-the-named' });
  });

  test('the files of KUBECONFIG, of which the first counts and missing ones are none', async () => {
    const first = await file('1', {
      contexts: [{ name: 'y', context: { cluster: 'c', user: 'u', namespace: 'mine' } }],
      'current-context': 'y',
    });
    const second = await file('2', config({ user: { token: 'of-the-second' } }));
    const third = await file('3', config({ user: { token: 'of-the-third' }, cluster: { server: 'https://other' } }));
    const KUBECONFIG = ['/nowhere', first, second, third].join(':');
    const found = await loadKubeConfig({ env: { KUBECONFIG } });
    expect(found).toMatchObject({ server: 'https://api.example.com:6443', namespace: 'mine' });
    expect((await found.credentials()).headers).toEqual({ Authorization: 'Bearer of-the-second' });
  });

  test('the service account of a pod, before a file at home', async () => {
    const { env, serviceAccount } = await pod();
    await file('.kube/config', config());
    const found = await loadKubeConfig({ serviceAccount, env: { ...env, HOME: home } });
    expect(found).toMatchObject({ server: 'https://10.0.0.1:443', namespace: 'operators' });
    expect(await found.credentials()).toEqual({
      headers: { Authorization: 'Bearer of-the-pod' },
      tls: { ca: testCa, verify: true },
    });
  });

  test('an API server with an IPv6 address', async () => {
    const { env, serviceAccount } = await pod();
    const found = await loadKubeConfig({ serviceAccount, env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' } });
    expect(found.server).toBe('https://[fd00::1]:443');
  });

  test('the file at home', async () => {
    await file('.kube/config', config({ context: { namespace: 'at-home' } }));
    expect(await loadKubeConfig({ env: { HOME: home } })).toMatchObject({ namespace: 'at-home' });
  });

  test('nothing, and says where it looked', async () => {
    expect(await faultOf(loadKubeConfig({ env: { HOME: home } }))).toBe(
      `KubeConfigFault: no cluster is configured: neither --kubeconfig nor KUBECONFIG is set, this is no pod, and "${home}/.kube/config" does not exist`,
    );
    const env = { HOME: home, KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(await faultOf(loadKubeConfig({ env, serviceAccount: '/nowhere' }))).toContain(
      'this pod has no token in "/nowhere"',
    );
  });
});

describe('loadKubeConfig() says which file and what is wrong', () => {
  const cases: readonly { name: string; content: unknown; fault: string }[] = [
    { name: 'no YAML', content: 'a: b\nusers: [s3cret', fault: 'kubeconfig "FILE": line 2 is no valid YAML' },
    { name: 'no map', content: 's3cret', fault: 'kubeconfig "FILE": it has not the form of a kubeconfig' },
    { name: 'nothing', content: '', fault: 'kubeconfig "FILE": it has not the form of a kubeconfig' },
    {
      name: 'no server',
      content: { ...config(), clusters: [{ name: 'c', cluster: {} }] },
      fault: 'kubeconfig "FILE": clusters[0].cluster.server is missing',
    },
    {
      name: 'a server that is no text',
      content: config({ cluster: { server: 5 } }),
      fault: 'kubeconfig "FILE": it has not the form of a kubeconfig',
    },
    {
      name: 'no current context',
      content: config({ rest: { 'current-context': '' } }),
      fault: 'kubeconfig "FILE": current-context is not set',
    },
    {
      name: 'an unknown context',
      content: config({ rest: { 'current-context': 'z' } }),
      fault: 'kubeconfig "FILE": there is no context "z"',
    },
    {
      name: 'an unknown cluster',
      content: config({ context: { cluster: 'z' } }),
      fault: 'kubeconfig "FILE": context "x" names cluster "z", which is not there',
    },
    {
      name: 'an unknown user',
      content: config({ context: { user: 'z' } }),
      fault: 'kubeconfig "FILE": context "x" names user "z", which is not there',
    },
    {
      name: 'a server that is no URL',
      content: config({ cluster: { server: 'ftp://a' } }),
      fault: 'kubeconfig "FILE": server of cluster "c" is no http or https URL',
    },
    {
      name: 'a proxy that is none',
      content: config({ cluster: { 'proxy-url': 'ftp://a' } }),
      fault: 'kubeconfig "FILE": proxy-url of cluster "c" is no http, https or socks5 URL',
    },
    {
      name: 'a missing CA file',
      content: config({ cluster: { 'certificate-authority': '/nowhere/ca' } }),
      fault: 'kubeconfig "FILE": "/nowhere/ca": there is no such file',
    },
    {
      name: 'a CA that is no PEM',
      content: config({ cluster: { 'certificate-authority-data': 'czNjcmV0' } }),
      fault: 'kubeconfig "FILE": the certificate authority is no PEM',
    },
    {
      name: 'a certificate without its key',
      content: config({ user: { 'client-certificate-data': 'eA==' } }),
      fault: 'kubeconfig "FILE": a client certificate and its key go together',
    },
    {
      name: 'a key that is none',
      content: config({ user: { 'client-certificate-data': 'eA==', 'client-key-data': 'czNjcmV0' } }),
      fault: 'kubeconfig "FILE": the client certificate and its key cannot be used',
    },
    {
      name: 'a missing token file',
      content: config({ user: { tokenFile: '/nowhere/token' } }),
      fault: 'kubeconfig "FILE": "/nowhere/token": there is no such file',
    },
    {
      name: 'a plug-in that is not installed',
      content: config({ user: { token: undefined, exec: { command: '/nowhere/login' } } }),
      fault: 'kubeconfig "FILE": the command "/nowhere/login" of user "u" is not installed',
    },
    {
      name: 'a plug-in that fails',
      content: config({
        user: { token: undefined, exec: { command: '/bin/sh', args: ['-c', 'echo s3cret >&2; exit 1'] } },
      }),
      fault: 'kubeconfig "FILE": the command "/bin/sh" of user "u" gave no credentials',
    },
    {
      name: 'a plug-in that says no JSON',
      content: config({ user: { token: undefined, exec: { command: '/bin/sh', args: ['-c', 'echo s3cret'] } } }),
      fault: 'kubeconfig "FILE": the command "/bin/sh" of user "u" gave no credentials',
    },
  ];
  test.each(cases)('$name', async ({ content, fault }) => {
    const kubeconfig = await file('config', content);
    const error = await loadKubeConfig({ kubeconfig, env: {} }).catch((thrown: unknown) => thrown);
    expect(String(error)).toBe(`KubeConfigFault: ${fault.replace('FILE', kubeconfig)}`);
    expect(`${error} ${(error as Error).cause}`).not.toMatch(/s3cret|czNjcmV0/);
  });

  test('a file that is not there', async () => {
    const options: KubeConfigOptions = { kubeconfig: '/nowhere/config', env: {} };
    expect(await faultOf(loadKubeConfig(options))).toBe(
      'KubeConfigFault: kubeconfig "/nowhere/config": there is no such file',
    );
    expect(await faultOf(loadKubeConfig({ env: { KUBECONFIG: '/nowhere/a:/nowhere/b' } }))).toContain(
      'none of the files exists',
    );
  });
});

describe('credentials() gives', () => {
  test('a token file before a token, without its last newline', async () => {
    await file('token', 'of-the-file\n');
    const found = await load(config({ user: { tokenFile: 'token' } }));
    expect((await found.credentials()).headers).toEqual({ Authorization: 'Bearer of-the-file' });
  });

  test('user name and password', async () => {
    const found = await load(config({ user: { token: undefined, username: 'ann', password: 'pw' } }));
    expect((await found.credentials()).headers).toEqual({ Authorization: 'Basic YW5uOnB3' });
  });

  test('whom to act for', async () => {
    const found = await load(config({ user: { as: 'bob' } }));
    expect((await found.credentials()).headers).toMatchObject({ 'Impersonate-User': 'bob' });
  });

  test('keys and certificates, by file or in place, and what to check them by', async () => {
    const { cert, key } = keyPair('client');
    await file('ca.crt', testCa);
    const inPlace = (text: string) => Buffer.from(text).toString('base64');
    const found = await load(
      config({
        cluster: {
          'certificate-authority': 'ca.crt',
          'tls-server-name': 'kubernetes',
          'proxy-url': 'http://proxy:3128',
        },
        user: { 'client-certificate-data': inPlace(cert), 'client-key-data': inPlace(key) },
      }),
    );
    expect((await found.credentials()).tls).toEqual({ ca: testCa, cert, key, serverName: 'kubernetes', verify: true });
    expect(found.proxyUrl).toBe('http://proxy:3128');
  });

  test('an authority to whoever is nobody', async () => {
    await file('ca.crt', testCa);
    const found = await load(config({ cluster: { 'certificate-authority': 'ca.crt' }, context: { user: '' } }));
    expect(await found.credentials()).toEqual({ headers: {}, tls: { ca: testCa, verify: true } });
  });

  test('nothing to check, for plain http and where checks are off', async () => {
    const plain = await load(config({ cluster: { server: 'http://127.0.0.1:8001' } }));
    expect((await plain.credentials()).headers).toEqual({ Authorization: 'Bearer t0ken' });
    const off = await load(config({ cluster: { 'insecure-skip-tls-verify': true } }));
    expect((await off.credentials()).tls).toEqual({ verify: false });
  });

  test('what a plug-in said, until the server refuses it', async () => {
    const command = await file(
      'login',
      `#!/bin/sh
echo x >> "$(dirname "$0")/runs"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"run-'"$(wc -l < "$(dirname "$0")/runs" | tr -d ' ')"'"}}'
`,
    );
    await chmod(command, 0o755);
    const clock = fakeClock();
    const kubeconfig = await file('config', config({ user: { token: undefined, exec: { command } } }));
    const found = await loadKubeConfig({ kubeconfig, env: {}, clock });
    const first = await found.credentials();
    await clock.advance(60_000);
    expect((await found.credentials()).headers).toEqual({ Authorization: 'Bearer run-1' });
    const now = await found.credentials();
    const [a, b] = await Promise.all([found.credentials(now), found.credentials(now)]);
    expect([a.headers, b]).toEqual([{ Authorization: 'Bearer run-2' }, a]);
    expect(await found.credentials(first)).toBe(a);
  });
});
