const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s)/g;

/**
 * Milliseconds of a duration as annotations, options and files write it: `15m`, `1h30m`, `90s`, `1.5h`, `500ms`;
 * undefined for any other text and for anything that rounds to less than a millisecond.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '' || !DURATION.test(text)) return undefined;
  let totalMs = 0;
  for (const [, count = '0', unit = ''] of text.matchAll(PART)) totalMs += Number(count) * (UNIT_MS[unit] ?? 0);
  const ms = Math.round(totalMs);
  return ms > 0 ? ms : undefined;
}

/** `1h30m` */
export function formatDuration(ms: number): string {
  let restMs = ms;
  let text = '';
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}
