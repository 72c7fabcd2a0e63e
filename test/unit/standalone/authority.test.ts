import { X509Certificate } from 'node:crypto';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, test } from '@jest/globals';
import { createAuthority, createServerCertificate, type KeyPair } from '../../../src/standalone/authority.ts';

const NOW_MS = Date.parse('2026-01-02T03:04:05Z');
const HOSTS = ['127.0.0.1', '::1', 'fe80::a:1', 'localhost'];

const authority = createAuthority('an authority', NOW_MS);
const server = createServerCertificate(authority, HOSTS, NOW_MS);
const read = ({ cert }: KeyPair) => new X509Certificate(cert);

test('createAuthority() signs itself, and may sign others', () => {
  const certificate = read(authority);
  expect(certificate.subject).toBe('CN=an authority');
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect([certificate.validFromDate, certificate.validToDate].map(date => date.toISOString())).toEqual([
    '2026-01-02T02:04:05.000Z',
    '2035-12-31T03:04:05.000Z',
  ]);
});

test('createServerCertificate() is signed by the authority, and signs nobody', () => {
  const certificate = read(server);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkIssued(read(authority))).toBe(true);
  expect(certificate.verify(read(authority).publicKey)).toBe(true);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});

test('createServerCertificate() names every host, and no other', () => {
  const certificate = read(server);
  expect(certificate.subjectAltName).toBe(
    'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:0:0:A:1, DNS:localhost',
  );
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('127.0.0.2')).toBeUndefined();
  expect(certificate.checkHost('localhost')).toBe('localhost');
});

test('no two certificates have the same serial number or key', () => {
  const other = createServerCertificate(authority, HOSTS, NOW_MS);
  expect(read(other).serialNumber).not.toBe(read(server).serialNumber);
  expect(read(other).fingerprint256).not.toBe(read(server).fingerprint256);
  expect(other.key).not.toBe(server.key);
});

test('a certificate of after 2049 has the form that years with four digits need', () => {
  const late = createAuthority('late', Date.parse('2051-06-01T00:00:00Z'));
  expect(read(late).validFromDate.toISOString()).toBe('2051-05-31T23:00:00.000Z');
});

test.each([
  { name: 'is believed by whoever trusts the authority', trusted: authority, want: 'authorized' },
  { name: 'is not believed by anybody else', trusted: createAuthority('another', NOW_MS), want: 'refused' },
])('a server certificate $name', async ({ trusted, want }) => {
  const today = createServerCertificate(authority, ['127.0.0.1'], Date.now());
  const listener = createServer({ key: today.key, cert: today.cert }, socket => socket.end());
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { readonly port: number };
  const outcome = await new Promise<string>(resolve => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: trusted.cert }, () => resolve('authorized'));
    socket.on('error', () => resolve('refused')).resume();
  });
  await new Promise(resolve => listener.close(resolve));
  expect(outcome).toBe(want);
});
