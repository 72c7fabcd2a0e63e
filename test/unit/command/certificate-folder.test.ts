import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readCertificateFolder } from '../../../src/command/certificate-folder.ts';
import { CommandFault } from '../../../src/command/fault.ts';
import { keyPair, testCa } from '../../fake/tls.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

async function faults(): Promise<readonly string[]> {
  const error = await readCertificateFolder(folder).catch((reason: unknown) => reason);
  return error instanceof CommandFault ? error.lines.map(line => line.replaceAll(folder, '.')) : [];
}

const client = keyPair('client');

describe('readCertificateFolder() (R5.16)', () => {
  test('reads the authorities and the client certificate of a folder named by its host', async () => {
    write('Reg.example.com:5000/a.crt', testCa);
    write('Reg.example.com:5000/b.crt', testCa);
    write('Reg.example.com:5000/client.cert', client.cert);
    write('Reg.example.com:5000/client.key', client.key);
    write('Reg.example.com:5000/README', 'not looked at');

    expect([...(await readCertificateFolder(folder))]).toEqual([
      ['reg.example.com:5000', { ca: `${testCa}\n${testCa}`, clientCert: client }],
    ]);
  });

  test('P8 reads the keys of a mounted ConfigMap, where two dots stand for the colon', async () => {
    // As the kubelet lays it out: names are links into a folder that changes as a whole.
    write('..2026_11_25/reg.example.com..5000', testCa);
    symlinkSync('..2026_11_25', join(folder, '..data'));
    symlinkSync('..data/reg.example.com..5000', join(folder, 'reg.example.com..5000'));

    expect([...(await readCertificateFolder(folder))]).toEqual([['reg.example.com:5000', { ca: testCa }]]);
  });

  test('says nothing of a host whose folder is empty', async () => {
    mkdirSync(join(folder, 'reg.example.com'));
    expect([...(await readCertificateFolder(folder))]).toEqual([['reg.example.com', {}]]);
  });

  test('tells all that cannot be used together', async () => {
    write('a.example.com', 'no certificate');
    write('b.example.com/x.crt', 'no certificate');
    write('c.example.com/x.cert', client.cert);
    write('d.example.com/x.cert', client.cert);
    write('d.example.com/x.key', keyPair('server').key);
    write('e.example.com/x.cert', client.cert);
    write('e.example.com/x.key', client.key);
    write('e.example.com/y.key', client.key);
    symlinkSync('nowhere', join(folder, 'f.example.com'));

    expect(await faults()).toEqual([
      './a.example.com: expected certificates and keys in PEM',
      './b.example.com: expected certificates and keys in PEM',
      './c.example.com: expected one *.cert with one *.key at most',
      './d.example.com: expected certificates and keys in PEM',
      './e.example.com: expected one *.cert with one *.key at most',
      'Cannot read "./f.example.com": there is no such file or folder',
    ]);
  });

  test('tells of a folder that is not there', async () => {
    const missing = join(folder, 'missing');
    await expect(readCertificateFolder(missing)).rejects.toThrow(
      `Cannot read "${missing}": there is no such file or folder`,
    );
  });
});
