import type { Schema } from './schema.ts';

type Format = NonNullable<Schema['format']>;

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const INT32 = 2 ** 31;

const FITS: { readonly [name in Format]: (value: string | number) => boolean } = {
  // Larger ones than 2^53 lose digits on their way through JSON, but the API server takes them.
  int64: value => Number.isInteger(value),
  int32: value => Number.isInteger(value) && Number(value) >= -INT32 && Number(value) < INT32,
  'date-time': value => RFC_3339.test(String(value)) && !Number.isNaN(Date.parse(String(value))),
  byte: value => /^[A-Za-z0-9+/]*={0,2}$/.test(String(value)) && String(value).length % 4 === 0,
};

/** Whether a value of the right type has the format that its schema asks for. */
export function formatFits(format: Format, value: string | number): boolean {
  return FITS[format](value);
}
