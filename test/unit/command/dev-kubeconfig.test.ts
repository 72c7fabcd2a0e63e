import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { prepareKubeconfig, writeKubeconfig } from '../../../src/command/dev-kubeconfig.ts';
import { CommandFault } from '../../../src/command/fault.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';

const access = { url: 'https://127.0.0.1:8443', ca: '-----BEGIN CERTIFICATE-----\n…\n', token: 'secret' };

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  path = join(folder, '.dev', 'kubeconfig');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function faults(prepared: Promise<void>): Promise<readonly string[]> {
  const fault = await prepared.catch((error: unknown) => error);
  if (!(fault instanceof CommandFault)) throw fault;
  return fault.lines;
}

describe('writeKubeconfig()', () => {
  test('writes what a client of Kubernetes reads, for its owner alone', async () => {
    await prepareKubeconfig(path);
    await writeKubeconfig(path, access);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const config = await loadKubeConfig({ kubeconfig: path, env: {} });
    expect(config).toMatchObject({ server: access.url, namespace: 'default' });
    expect(await config.credentials()).toEqual({
      headers: { Authorization: 'Bearer secret' },
      tls: { ca: access.ca, verify: true },
    });
  });

  test('replaces the one of an earlier run, whatever its rights were', async () => {
    await prepareKubeconfig(path);
    await writeKubeconfig(path, { ...access, token: 'old' });
    chmodSync(path, 0o644);
    await prepareKubeconfig(path);
    await writeKubeconfig(path, access);
    expect(parse(readFileSync(path, 'utf8')).users[0].user.token).toBe('secret');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('prepareKubeconfig()', () => {
  test.each([
    ['the way to another cluster', 'apiVersion: v1\nkind: Config\nclusters:\n- name: production\n'],
    ['the way to another cluster, too', 'clusters:\n- name: imagestream-operator-dev\n- name: production\n'],
    ['anything', 'hello\n'],
    ['a list', '[]\n'],
    ['what is no YAML', 'a: [\n'],
  ])('leaves a file alone that holds %s', async (_, text) => {
    path = join(folder, 'config');
    writeFileSync(path, text);
    expect(await faults(prepareKubeconfig(path))).toEqual([
      `--kubeconfig-out: "${path}": there is a file of somebody else's; expected another place`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('takes an empty file', async () => {
    path = join(folder, 'config');
    writeFileSync(path, '');
    await expect(prepareKubeconfig(path)).resolves.toBeUndefined();
  });

  test('says what is in the way', async () => {
    writeFileSync(join(folder, '.dev'), '');
    expect(await faults(prepareKubeconfig(path))).toEqual([expect.stringMatching(/^Cannot write ".*kubeconfig": /)]);
    expect(await faults(prepareKubeconfig(folder))).toEqual([`Cannot write "${folder}": it is a folder`]);
  });
});
