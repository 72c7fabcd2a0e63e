import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';

/** PEM texts of a certificate and its private key. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** An authority of one's own, good for ten years: whoever is to trust what it signs is handed its certificate. */
export function createAuthority(name: string, nowMs: number): KeyPair {
  const keys = newKeys();
  return issue({
    keys,
    subject: name,
    issuer: name,
    signer: keys.privateKey,
    fromMs: nowMs - HOUR_MS,
    toMs: nowMs + 10 * YEAR_MS,
    extensions: [
      // It signs servers, no further authorities.
      extension(OID.basicConstraints, der.sequence(der.trueValue(), der.integer(Buffer.of(0))), 'critical'),
      // Certificates and revocation lists: bits 5 and 6.
      extension(OID.keyUsage, der.bitString(Buffer.of(0b0000_0110), 1), 'critical'),
      extension(OID.subjectKeyIdentifier, der.octetString(keyId(keys.publicKey))),
    ],
  });
}

/** A server's certificate for these names and addresses, good for a year. */
export function createServerCertificate(authority: KeyPair, hosts: readonly string[], nowMs: number): KeyPair {
  const keys = newKeys();
  const issuer = new X509Certificate(authority.cert);
  return issue({
    keys,
    subject: hosts[0] ?? 'server',
    issuer: /^CN=(.*)$/m.exec(issuer.subject)?.[1] ?? '',
    signer: createPrivateKey(authority.key),
    fromMs: nowMs - HOUR_MS,
    toMs: nowMs + YEAR_MS,
    extensions: [
      extension(OID.basicConstraints, der.sequence(), 'critical'),
      // Signatures: bit 0.
      extension(OID.keyUsage, der.bitString(Buffer.of(0b1000_0000), 7), 'critical'),
      extension(OID.extendedKeyUsage, der.sequence(der.oid(OID.serverAuth))),
      extension(OID.authorityKeyIdentifier, der.sequence(der.plainContext(0, keyId(issuer.publicKey)))),
      extension(OID.subjectAltName, der.sequence(...hosts.map(generalName))),
    ],
  });
}

interface Request {
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly subject: string;
  readonly issuer: string;
  readonly signer: KeyObject;
  readonly fromMs: number;
  readonly toMs: number;
  readonly extensions: readonly Buffer[];
}

function issue({ keys, subject, issuer, signer, fromMs, toMs, extensions }: Request): KeyPair {
  const algorithm = der.sequence(der.oid(OID.ecdsaWithSha256));
  const claims = der.sequence(
    // Version 3.
    der.context(0, der.integer(Buffer.of(2))),
    der.integer(randomBytes(16)),
    algorithm,
    nameOf(issuer),
    der.sequence(der.time(fromMs), der.time(toMs)),
    nameOf(subject),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensions)),
  );
  const certificate = der.sequence(claims, algorithm, der.bitString(sign('sha256', claims, signer)));
  return { cert: pem(certificate), key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function nameOf(text: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8String(text))));
}

function extension(id: string, value: Buffer, critical?: 'critical'): Buffer {
  return der.sequence(der.oid(id), ...(critical ? [der.trueValue()] : []), der.octetString(value));
}

function generalName(host: string): Buffer {
  if (isIP(host) === 0) return der.plainContext(2, Buffer.from(host));
  return der.plainContext(7, addressBytes(host));
}

function addressBytes(host: string): Buffer {
  if (!host.includes(':')) return Buffer.from(host.split('.').map(Number));
  const [front = '', back] = host.split('::');
  const groups = (text = '') => text.split(':').filter(group => group !== '');
  const [first, last] = [groups(front), groups(back)];
  const zeros = new Array<string>(8 - first.length - last.length).fill('0');
  return Buffer.from([...first, ...zeros, ...last].map(group => group.padStart(4, '0')).join(''), 'hex');
}

/** Any name will do, as long as both sides use the same one. */
function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
