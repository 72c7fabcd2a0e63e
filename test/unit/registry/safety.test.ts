import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addressClass, inRanges, isLoopback, literalAddress } from '../../../src/registry/safety.ts';

describe('R6.1 addressClass()', () => {
  test.each([
    ['93.184.216.34', 'public'],
    ['2606:4700::6810:84e5', 'public'],
    ['172.15.255.255', 'public'],
    ['100.128.0.1', 'public'],
    ['10.0.0.5', 'private'],
    ['172.31.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['198.18.0.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['127.0.0.1', 'local'],
    ['0.0.0.0', 'local'],
    ['255.255.255.255', 'local'],
    ['224.0.0.1', 'local'],
    ['192.0.2.1', 'local'],
    ['::', 'local'],
    ['::1', 'local'],
    ['fe80::1', 'local'],
    ['fe80::1%eth0', 'local'],
    ['fd00::1%eth0', 'private'],
    ['febf::1', 'local'],
    ['ff02::1', 'local'],
    ['fec0::1', 'local'],
    ['2001:db8::1', 'local'],
    ['2001::1', 'local'],
    ['100::1', 'local'],
    ['::10.0.0.1', 'local'],
  ])('%s is %s', (ip, want) => {
    expect(addressClass(ip)).toBe(want);
  });

  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
  ])('the metadata address %s is local, whatever is configured', ip => {
    expect(addressClass(ip)).toBe('local');
    expect(addressClass(ip, ['0.0.0.0/0', '::/0'])).toBe('local');
  });

  test.each([
    ['::ffff:169.254.169.254', 'local'],
    ['::ffff:a9fe:a9fe', 'local'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:93.184.216.34', 'public'],
    ['::ffff:0:127.0.0.1', 'local'],
    ['64:ff9b::a9fe:a9fe', 'local'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::5db8:d822', 'public'],
    ['64:ff9b:1::7f00:1', 'local'],
    ['2002:a9fe:a9fe::1', 'local'],
    ['2002:0a00:0001::', 'private'],
    ['2002:5db8:d822::1', 'public'],
    ['0:0:0:0:0:FFFF:7F00:0001', 'local'],
  ])('%s is judged by what it carries: %s', (ip, want) => {
    expect(addressClass(ip)).toBe(want);
  });

  test('configured CIDRs count as private, in their own family', () => {
    const pods = ['93.184.0.0/16', '2606:4700::/32', 'nonsense', '1.2.3.4/99'];
    expect(addressClass('93.184.216.34', pods)).toBe('private');
    expect(addressClass('::ffff:93.184.216.34', pods)).toBe('private');
    expect(addressClass('2606:4700::1', pods)).toBe('private');
    expect(addressClass('1.2.3.4', pods)).toBe('public');
  });

  test.each(['', 'example.com', '127.1', '1.2.3.4.5', '[::1]', '::1::'])('"%s" is no address, so it is local', text => {
    expect(addressClass(text)).toBe('local');
  });

  test('an IPv4 address has one class in all its clothes', () => {
    fc.assert(
      fc.property(fc.ipV4(), ip => {
        const [a, b, c, d] = ip.split('.').map(part => Number(part).toString(16).padStart(2, '0'));
        const want = addressClass(ip);
        for (const dressed of [
          `::ffff:${ip}`,
          `::ffff:${a}${b}:${c}${d}`,
          `64:ff9b::${ip}`,
          `2002:${a}${b}:${c}${d}::`,
        ]) {
          expect([dressed, addressClass(dressed)]).toEqual([dressed, want]);
        }
      }),
    );
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['::ffff:127.0.0.1', true],
  ['169.254.169.254', false],
  ['0.0.0.0', false],
  ['::', false],
  ['localhost', false],
])('isLoopback(%s) is %s', (ip, want) => {
  expect(isLoopback(ip)).toBe(want);
});

describe('R6.4 literalAddress()', () => {
  test.each([
    ['https://169.254.169.254/x', '169.254.169.254'],
    ['https://[fd00:ec2::254]/', 'fd00:ec2::254'],
    ['https://100.100.100.200/', '100.100.100.200'],
    ['https://0.0.0.0/', '0.0.0.0'],
    ['https://[::]/', '::'],
    ['https://127.0.0.1./', '127.0.0.1'],
    ['https://2852039166/', '169.254.169.254'],
    ['https://0x7f.1/', '127.0.0.1'],
    ['https://0177.0.0.1/', '127.0.0.1'],
    ['https://①②⑦.0.0.1/', '127.0.0.1'],
    ['https://[::ffff:169.254.169.254]/', '::ffff:a9fe:a9fe'],
    ['https://[64:ff9b::a9fe:a9fe]/', '64:ff9b::a9fe:a9fe'],
  ])('S8 %s is %s, and local', (url, want) => {
    const literal = literalAddress(new URL(url).hostname);
    expect(literal).toBe(want);
    expect(addressClass(literal ?? '')).toBe('local');
  });

  test('a name is none', () => {
    expect(literalAddress('reg.example.com')).toBeUndefined();
    expect(literalAddress('10.0.0.1.example.com')).toBeUndefined();
  });
});

test.each([
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '11.0.0.0/8', false],
  ['fd00::5', 'fd00::/8', true],
  ['::1', '[::1]', true],
  ['10.1.2.3', '10.0.0.0/8/8', false],
  ['10.1.2.3', '10.0.0.0/', false],
  ['10.1.2.3', '::/0', false],
])('inRanges(%s, %s) is %s', (ip, range, want) => {
  expect(inRanges(ip, [range])).toBe(want);
});
