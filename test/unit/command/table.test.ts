import { describe, expect, test } from '@jest/globals';
import { humanSize, shortDigest, table } from '../../../src/command/table.ts';

describe('table()', () => {
  test('lays columns out two spaces apart and pads all but the last', () => {
    const rows = [
      ['quay.io/acme/app', 'v1'],
      ['redis', 'imported'],
    ];
    expect(table(['FROM', 'RESULT'], rows)).toBe(
      'FROM              RESULT\nquay.io/acme/app  v1\nredis             imported\n',
    );
  });

  test('leaves no spaces at the end of a line', () => {
    expect(table(['A', 'B'], [['long', '']])).toBe('A     B\nlong\n');
  });

  test('has a header without rows', () => {
    expect(table(['A', 'B'], [])).toBe('A  B\n');
  });

  test('keeps a row on one line, whatever a cell holds', () => {
    expect(table(['A', 'B'], [['x', 'first\nsecond\r\n\u001b[31mred\u009b0m']])).toBe(
      'A  B\nx  first second [31mred 0m\n',
    );
  });
});

describe('shortDigest()', () => {
  test.each([
    [`sha256:${'4f1c'.repeat(16)}`, 'sha256:4f1c4f1c4f1c…'],
    [`sha512:${'ab'.repeat(64)}`, 'sha512:abababababab…'],
    ['quay.io/acme/app:1', 'quay.io/acme/app:1'],
    ['', ''],
  ])('%s is shown as %s', (digest, want) => {
    expect(shortDigest(digest)).toBe(want);
  });
});

describe('humanSize()', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [668_872, '669 kB'],
    [999_499, '999 kB'],
    [999_600, '1.0 MB'],
    [12_345_678, '12 MB'],
    [5e12, '5.0 TB'],
    [5e15, '5000 TB'],
  ])('%d bytes are %s', (bytes, want) => {
    expect(humanSize(bytes)).toBe(want);
  });
});
