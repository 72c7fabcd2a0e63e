import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type CredentialSources, emptyKeyring, loadCredentials } from '../../../src/command/credential-files.ts';
import { CommandFault } from '../../../src/command/fault.ts';
import type { Keyring } from '../../../src/registry/types.ts';

const root = mkdtempSync(join(tmpdir(), 'credentials-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A home of its own for each test. */
function home(): string {
  return mkdtempSync(join(root, 'home-'));
}

function write(path: string, content: unknown): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const entry = (username: string, password = 'pass') => ({
  auth: Buffer.from(`${username}:${password}`).toString('base64'),
});
/** A docker config with this user for quay.io. */
const config = (username: string) => ({ auths: { 'quay.io': entry(username) } });

function load(sources: Partial<CredentialSources>) {
  return loadCredentials({ env: {}, strict: false, hosts: ['quay.io'], ...sources });
}

/** Names of those who would be tried for an image of this registry, in order. */
function users(keyring: Keyring, host = 'quay.io'): (string | undefined)[] {
  return keyring
    .candidates(host, 'acme/app')
    .map(candidate => ('username' in candidate ? candidate.username : candidate.kind));
}

async function linesOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error = await loading.catch((reason: unknown) => reason);
  return error instanceof CommandFault ? error.lines : [`no fault: ${error}`];
}

/** A folder with a program `docker-credential-test` that keeps a record of what it was asked. */
function helper(script: string): { readonly path: string; asked(): string[] } {
  const path = home();
  const record = join(path, 'asked');
  const text = `#!/bin/sh\nread server\nprintf '%s %s\\n' "$1" "$server" >> '${record}'\n${script}\n`;
  writeFileSync(join(path, 'docker-credential-test'), text, { mode: 0o755 });
  return { path: `${path}:/usr/bin:/bin`, asked: () => readFileSync(record, 'utf8').trim().split('\n') };
}

const GIVES = `printf '{"ServerURL":"%s","Username":"helped","Secret":"s3cret"}' "$server"`;

describe('where podman and docker look', () => {
  test('finds nothing where there is nothing', async () => {
    const { keyring, warnings } = await load({ env: { HOME: home(), XDG_RUNTIME_DIR: home() } });
    expect(users(keyring)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('is no home of a user that the machine does not know and that was told none', async () => {
    const homeOfUser = () => {
      throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)');
    };
    const { keyring, warnings } = await load({ env: {}, homeOfUser });
    expect([users(keyring), warnings]).toEqual([[], []]);
    const DOCKER_CONFIG = dirname(write(join(home(), 'config.json'), config('docker')));
    expect(users((await load({ env: { DOCKER_CONFIG }, homeOfUser })).keyring)).toEqual(['docker']);
    const XDG_RUNTIME_DIR = home();
    write(join(XDG_RUNTIME_DIR, 'containers', 'auth.json'), config('podman'));
    expect(users((await load({ env: { XDG_RUNTIME_DIR }, homeOfUser })).keyring)).toEqual(['podman']);
  });

  test('is $REGISTRY_AUTH_FILE before docker, and then not the runtime folder', async () => {
    const HOME = home();
    const XDG_RUNTIME_DIR = home();
    write(join(HOME, '.docker', 'config.json'), config('docker'));
    write(join(XDG_RUNTIME_DIR, 'containers', 'auth.json'), config('podman'));
    const REGISTRY_AUTH_FILE = write(join(home(), 'auth.json'), config('named'));
    const { keyring } = await load({ env: { HOME, XDG_RUNTIME_DIR, REGISTRY_AUTH_FILE } });
    expect(users(keyring)).toEqual(['named', 'docker']);
  });

  test('is the runtime folder before docker', async () => {
    const HOME = home();
    const XDG_RUNTIME_DIR = home();
    write(join(HOME, '.docker', 'config.json'), config('docker'));
    write(join(XDG_RUNTIME_DIR, 'containers', 'auth.json'), config('podman'));
    expect(users((await load({ env: { HOME, XDG_RUNTIME_DIR } })).keyring)).toEqual(['podman', 'docker']);
  });

  test('is $DOCKER_CONFIG instead of ~/.docker', async () => {
    const HOME = home();
    write(join(HOME, '.docker', 'config.json'), config('docker'));
    const DOCKER_CONFIG = home();
    write(join(DOCKER_CONFIG, 'config.json'), config('elsewhere'));
    expect(users((await load({ env: { HOME, DOCKER_CONFIG } })).keyring)).toEqual(['elsewhere']);
  });

  test('takes an empty file for one without credentials', async () => {
    const HOME = home();
    write(join(HOME, '.docker', 'config.json'), '\n');
    expect(users((await load({ env: { HOME } })).keyring)).toEqual([]);
  });

  test('refuses a file that is no JSON, and quotes nothing of it', async () => {
    const HOME = home();
    const path = write(join(HOME, '.docker', 'config.json'), '{"auths": {"quay.io": {"auth": "c2VjcmV0" oops');
    expect(await linesOf(load({ env: { HOME } }))).toEqual([`"${path}": not valid JSON`]);
  });
});

describe('--authfile', () => {
  test('goes before everything that is merely looked for', async () => {
    const HOME = home();
    write(join(HOME, '.docker', 'config.json'), config('docker'));
    const authFile = write(join(home(), 'auth.json'), config('given'));
    expect(users((await load({ authFile, env: { HOME, REGISTRY_AUTH_FILE: '/none' } })).keyring)).toEqual(['given']);
  });

  test('must be there', async () => {
    const authFile = join(home(), 'none.json');
    expect(await linesOf(load({ authFile }))).toEqual([`Cannot read "${authFile}": there is no such file or folder`]);
  });

  test.each([
    ['no JSON', '{', 'not valid JSON'],
    ['a list', [], 'expected a JSON object with auths'],
    ['null', 'null', 'expected a JSON object with auths'],
  ])('refuses %s', async (_name, content, want) => {
    const authFile = write(join(home(), 'auth.json'), content);
    expect(await linesOf(load({ authFile }))).toEqual([`"${authFile}": ${want}`]);
  });

  test('skips an entry that cannot be used, with a warning that names the file and no secret', async () => {
    const auths = { 'quay.io': entry('good'), 'ghcr.io': { auth: '!!not base64: hunter2' } };
    const authFile = write(join(home(), 'auth.json'), { auths });
    const { keyring, warnings } = await load({ authFile });
    expect(users(keyring)).toEqual(['good']);
    expect(warnings).toEqual([expect.stringContaining(`${authFile}: entry "ghcr.io" skipped`)]);
    expect(warnings.join()).not.toContain('hunter2');
  });
});

describe('credential helpers', () => {
  const named = { credHelpers: { 'quay.io': 'test' } };

  test('are asked as docker asks them, for the registries of the request alone', async () => {
    const { path, asked } = helper(GIVES);
    const authFile = write(join(home(), 'config.json'), { credHelpers: { 'quay.io': 'test', 'ghcr.io': 'test' } });
    const { keyring, warnings } = await load({ authFile, env: { PATH: path }, hosts: ['quay.io', 'localhost:5000'] });
    expect(asked()).toEqual(['get quay.io']);
    expect(keyring.candidates('quay.io', 'acme/app')).toMatchObject([{ username: 'helped', password: 's3cret' }]);
    expect(users(keyring, 'ghcr.io')).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('know Docker Hub by the name that docker login uses', async () => {
    const { path, asked } = helper(GIVES);
    const authFile = write(join(home(), 'config.json'), { credsStore: 'test' });
    const { keyring } = await load({ authFile, env: { PATH: path }, hosts: ['docker.io'] });
    expect(asked()).toEqual(['get https://index.docker.io/v1/']);
    expect(users(keyring, 'docker.io')).toEqual(['helped']);
  });

  test.each(['https://index.docker.io/v1/', 'docker.io'])('of Docker Hub alone may be named for %s', async location => {
    const { path, asked } = helper(GIVES);
    const authFile = write(join(home(), 'config.json'), { credHelpers: { [location]: 'test' } });
    const { keyring } = await load({ authFile, env: { PATH: path }, hosts: ['docker.io', 'quay.io'] });
    expect(asked()).toEqual(['get https://index.docker.io/v1/']);
    expect(users(keyring, 'docker.io')).toEqual(['helped']);
  });

  test('of one registry go before the store of all', async () => {
    const { path } = helper(GIVES);
    const authFile = write(join(home(), 'config.json'), { ...named, credsStore: 'absent' });
    const { keyring, warnings } = await load({ authFile, env: { PATH: path } });
    expect(users(keyring)).toEqual(['helped']);
    expect(warnings).toEqual([]);
  });

  test('may hold an identity token, which docker marks by its user name', async () => {
    const { path } = helper(`printf '{"Username":"<token>","Secret":"refresh-me"}'`);
    const authFile = write(join(home(), 'config.json'), named);
    const { keyring } = await load({ authFile, env: { PATH: path } });
    expect(keyring.candidates('quay.io', 'acme/app')).toMatchObject([{ kind: 'identityToken', token: 'refresh-me' }]);
  });

  test('may have no credential, which is no mistake', async () => {
    const { path } = helper('echo "credentials not found in native keychain"; exit 1');
    const authFile = write(join(home(), 'config.json'), { auths: { 'quay.io': {} }, credsStore: 'test' });
    const { keyring, warnings } = await load({ authFile, env: { PATH: path } });
    expect(users(keyring)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['that fails', 'echo s3cret >&2; exit 3', 'docker-credential-test failed for quay.io'],
    ['that answers no JSON', 'echo s3cret', 'docker-credential-test answered something that is no credential'],
    ['that answers half', `echo '{"Username":"x"}'`, 'docker-credential-test answered something that is no credential'],
  ])('one %s is warned of, and the import goes on', async (_name, script, want) => {
    const { path } = helper(script);
    const authFile = write(join(home(), 'config.json'), { ...config('written'), ...named });
    const { keyring, warnings } = await load({ authFile, env: { PATH: path } });
    expect(users(keyring)).toEqual(['written']);
    expect(warnings).toEqual([`${authFile}: ${want}`]);
  });

  test('one that is not there is warned of', async () => {
    const authFile = write(join(home(), 'config.json'), named);
    const { warnings } = await load({ authFile, env: { PATH: home() } });
    expect(warnings).toEqual([`${authFile}: docker-credential-test is not on the PATH`]);
  });

  test('one whose name is a path is never run', async () => {
    const authFile = write(join(home(), 'config.json'), { credHelpers: { 'quay.io': '../../bin/sh' } });
    const { warnings } = await load({ authFile, env: { PATH: '/usr/bin:/bin' } });
    expect(warnings).toEqual([`${authFile}: credential helper "../../bin/sh" has no usable name`]);
  });
});

describe('--pull-secrets', () => {
  const secret = (name: string, username: string, more: object = {}) => ({
    kind: 'Secret',
    metadata: { name, namespace: 'demo' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config(username))).toString('base64') },
    ...more,
  });
  const items = [secret('a', 'first'), secret('b', 'second'), { kind: 'Secret', type: 'Opaque', data: { x: 'eA==' } }];

  test.each([
    ['a list, as kubectl prints it', { apiVersion: 'v1', kind: 'List', items }, ['first', 'second']],
    ['one Secret', secret('a', 'first'), ['first']],
    ['an array', items, ['first', 'second']],
  ])('reads %s, and looks nowhere else', async (_name, content, want) => {
    const HOME = home();
    write(join(HOME, '.docker', 'config.json'), config('docker'));
    const pullSecretsFile = write(join(home(), 'secrets.json'), content);
    const authFile = write(join(home(), 'auth.json'), config('file'));
    expect(users((await load({ pullSecretsFile, authFile, env: { HOME } })).keyring)).toEqual(want);
  });

  test('leaves out a Secret that is excluded, and skips one that cannot be read', async () => {
    const excluded = { metadata: { name: 'x', annotations: { 'openshift.io/image.excludeSecret': 'true' } } };
    const broken = secret('broken', 'x', { data: { '.dockerconfigjson': Buffer.from('hunter2').toString('base64') } });
    const content = { kind: 'List', items: [secret('x', 'excluded', excluded), broken, secret('b', 'good')] };
    const { keyring, warnings } = await load({ pullSecretsFile: write(join(home(), 'secrets.json'), content) });
    expect(users(keyring)).toEqual(['good']);
    expect(warnings).toEqual(['secret "demo/broken": skipped: it is no valid JSON']);
  });

  test.each([
    ['no JSON', 'apiVersion: v1', 'not valid JSON'],
    [
      'something else',
      { kind: 'Pod' },
      'expected a Secret, a list of them or an array, as kubectl get secrets -o json prints',
    ],
    ['a text', '"x"', 'expected a Secret, a list of them or an array, as kubectl get secrets -o json prints'],
  ])('refuses %s', async (_name, content, want) => {
    const pullSecretsFile = write(join(home(), 'secrets.json'), content);
    expect(await linesOf(load({ pullSecretsFile }))).toEqual([`"${pullSecretsFile}": ${want}`]);
  });

  test('must be there', async () => {
    const pullSecretsFile = join(home(), 'none.json');
    expect(await linesOf(load({ pullSecretsFile }))).toEqual([
      `Cannot read "${pullSecretsFile}": there is no such file or folder`,
    ]);
  });
});

test.each([
  [false, ['padded']],
  [true, []],
])('R3.9 an entry that only we would take is left out when matching is strict: %s', async (strict, want) => {
  const written = { auths: { 'quay.io': { auth: ` ${entry('padded').auth}` } } };
  const secret = {
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify(written) },
  };
  const pullSecretsFile = write(join(home(), 'secrets.json'), [secret]);
  const authFile = write(join(home(), 'auth.json'), written);
  expect(users((await load({ pullSecretsFile, strict })).keyring)).toEqual(want);
  expect(users((await load({ authFile, strict })).keyring)).toEqual(want);
});

test('emptyKeyring() knows nobody', () => {
  expect(users(emptyKeyring())).toEqual([]);
});
