/**
 * Whether two API values say the same: deep equality in which a missing key, null, "", false, an empty list and an
 * object of nothing but such values are one (they are one Go zero value at the API server). A number is always told,
 * zero included: generation 0 is a request, no generation is none.
 */
export function saysTheSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, index) => saysTheSame(value, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(key => saysTheSame(a[key], b[key]));
  }
  return saysNothing(a) && saysNothing(b);
}

function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every(saysNothing);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
