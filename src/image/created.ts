const TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d+)?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Where Go's clock begins; it stands for "no time". */
const ZERO = '0001-01-01T00:00:00Z';

/**
 * A time as configs write it (RFC 3339), in UTC and without fractions of seconds; null for none and for the zero time
 * (api-types 4.3). `undefined` when it is no time.
 */
export function utcTime(text: string): string | null | undefined {
  const [, date, hour, minute, second, sign, offsetHours = 0, offsetMinutes = 0] = TIME.exec(text) ?? [];
  if (date === undefined) return undefined;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  // The engine reads February 30 as March 1 or 2.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return undefined;

  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1);
  const minutes = Number(hour) * 60 + Number(minute) - offset;
  const utc = `${new Date(midnight + minutes * 60_000 + Number(second) * 1_000).toISOString().slice(0, -'.000Z'.length)}Z`;
  // An offset can lead out of the years that the format has four digits for.
  if (utc.length !== ZERO.length) return undefined;
  return utc === ZERO ? null : utc;
}
