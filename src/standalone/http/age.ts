const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
const YEAR_S = 365 * DAY_S;

/** How long ago something was, in two units at most, as kubectl's tables have it: `36s`, `2m10s`, `5h`, `3d4h`, `2y30d`. */
export function ageText(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  // Clocks may differ a little.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE_S) return `${seconds}s`;
  const minutes = Math.floor(seconds / MINUTE_S);
  if (minutes < 10) return joined(minutes, 'm', seconds % MINUTE_S, 's');
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.floor(seconds / HOUR_S);
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(seconds / DAY_S);
  if (hours < 8 * 24) return joined(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.floor(seconds / YEAR_S);
  if (days < 8 * 365) return joined(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function joined(many: number, unit: string, few: number, smaller: string): string {
  return few === 0 ? `${many}${unit}` : `${many}${unit}${few}${smaller}`;
}
