/** One measured figure and what it must keep to. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
  readonly bound?: { readonly atMost: number } | { readonly atLeast: number };
  /** What it was measured on, or against. */
  readonly note?: string;
}

export function missesBound({ value, bound }: Figure): boolean {
  if (bound === undefined) return false;
  return 'atMost' in bound ? value > bound.atMost : value < bound.atLeast;
}

/** `unchanged re-checks ÷ bare HEADs, http   0.87   ≥ 0.7   ok   fake registry` */
export function figureLine(figure: Figure): string {
  const { name, value, unit = '', bound, note = '' } = figure;
  const limit = bound === undefined ? '' : 'atMost' in bound ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`;
  const verdict = bound === undefined ? '' : missesBound(figure) ? 'MISSED' : 'ok';
  return [name.padEnd(62), `${rounded(value)}${unit}`.padStart(12), limit.padStart(9), verdict.padEnd(6), note]
    .join('  ')
    .trimEnd();
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
