/*
 * What X.509 is written in (X.690, DER): as much as certificates of ours need. Node signs and hashes, but writes no
 * certificates.
 */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function sequence(...members: readonly Buffer[]): Buffer {
  return tagged(TAG.sequence, Buffer.concat(members));
}

export function set(...members: readonly Buffer[]): Buffer {
  return tagged(TAG.set, Buffer.concat(members));
}

export function trueValue(): Buffer {
  return tagged(TAG.boolean, Buffer.from([0xff]));
}

/** Of bytes that are read as a number that is not negative. */
export function integer(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  const negative = ((digits[0] ?? 0) & 0x80) !== 0;
  return tagged(TAG.integer, negative ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** `unused`: how many of the last bits don't count. */
export function bitString(bytes: Buffer, unused = 0): Buffer {
  return tagged(TAG.bitString, Buffer.concat([Buffer.of(unused), bytes]));
}

export function octetString(bytes: Buffer): Buffer {
  return tagged(TAG.octetString, bytes);
}

export function utf8String(text: string): Buffer {
  return tagged(TAG.utf8String, Buffer.from(text));
}

/** `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(TAG.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** To the second. From 2050 on X.509 wants the form with four digits for the year. */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050'
    ? tagged(TAG.utcTime, Buffer.from(text.slice(2)))
    : tagged(TAG.generalizedTime, Buffer.from(text));
}

/** `[number]`, constructed: around a value (EXPLICIT), or in place of its tag. */
export function context(number: number, content: Buffer): Buffer {
  return tagged(0xa0 | number, content);
}

/** `[number]` in place of the tag of something that is not made of parts. */
export function plainContext(number: number, content: Buffer): Buffer {
  return tagged(0x80 | number, content);
}

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.of(0x80 | bytes.length, ...bytes);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
