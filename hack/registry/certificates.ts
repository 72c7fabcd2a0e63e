import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { command } from '../programs.ts';

/** PEM texts, and the files they are in. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate that signs itself, with a P-256 key, in `folder` as `<name>.pem` and `<name>.key`. */
export async function selfSigned(folder: string, name: string): Promise<KeyPair> {
  const files = filesOf(folder, name);
  await openssl(['req', '-x509', ...NEW_KEY, ...into(files), '-days', '7', '-subj', `/CN=${name}`]);
  return read(files);
}

/** A server certificate for `127.0.0.1`, `::1` and `localhost` that `authority` signed. */
export async function signedBy(authority: KeyPair, folder: string, name: string): Promise<KeyPair> {
  const files = filesOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  await writeFile(
    extensions,
    'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' +
      'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost\n',
  );
  await openssl(['req', '-new', ...NEW_KEY, '-keyout', files.keyFile, '-out', request, '-subj', `/CN=${name}`]);
  const signer = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial'];
  await openssl([
    'x509',
    '-req',
    '-in',
    request,
    '-extfile',
    extensions,
    '-out',
    files.certFile,
    '-days',
    '7',
    ...signer,
  ]);
  return read(files);
}

function filesOf(folder: string, name: string): { certFile: string; keyFile: string } {
  return { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
}

function into(files: { certFile: string; keyFile: string }): string[] {
  return ['-out', files.certFile, '-keyout', files.keyFile];
}

async function read(files: { certFile: string; keyFile: string }): Promise<KeyPair> {
  return { cert: await readFile(files.certFile, 'utf8'), key: await readFile(files.keyFile, 'utf8'), ...files };
}

async function openssl(args: readonly string[]): Promise<void> {
  const program = command('openssl');
  if (program === undefined) throw new Error('openssl is not on the PATH: certificates for tests are made with it');
  await promisify(execFile)(program, args);
}
