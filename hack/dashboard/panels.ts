import type { Panel, Query } from './rows.ts';

/** Replicas that were chosen at the top of the dashboard. */
export const CHOSEN = 'namespace=~"$namespace", job=~"$job"';

type Look = Partial<Pick<Panel, 'unit' | 'good' | 'show' | 'stacked'>>;

/** A number. */
export function stat(title: string, description: string, query: Query | string, look: Look = {}): Panel {
  const one = typeof query === 'string' ? { expr: query, legend: title } : query;
  return { title, description, type: 'stat', queries: [one], ...look };
}

/** Lines over time: by legend, what each shows. */
export function lines(
  title: string,
  description: string,
  queries: Readonly<Record<string, string>>,
  look: Look = {},
): Panel {
  const asked = Object.entries(queries).map(([legend, expr]) => ({ expr, legend }));
  return { title, description, type: 'timeseries', queries: asked, ...look };
}

/** Sum of a metric of the chosen replicas: `sum('imagestream_operator_tags', 'state', 'registry="quay.io"')`. */
export function sum(metric: string, by = '', matchers = ''): string {
  return `sum${byClause(by)}(${metric}{${joined(CHOSEN, matchers)}})`;
}

/** The greatest over the chosen replicas: what all of them know must not be added up. */
export function max(metric: string, by = '', matchers = ''): string {
  return `max${byClause(by)}(${metric}{${joined(CHOSEN, matchers)}})`;
}

/** How often something happens a second. */
export function rate(counter: string, by = '', matchers = ''): string {
  return `sum${byClause(by)}(rate(${counter}{${joined(CHOSEN, matchers)}}[$__rate_interval]))`;
}

/** Below which value so great a share of what was measured lies. */
export function quantile(share: number, histogram: string, by = ''): string {
  const labels = joined('le', by);
  return `histogram_quantile(${share}, sum by (${labels}) (rate(${histogram}_bucket{${CHOSEN}}[$__rate_interval])))`;
}

/** The ten greatest: more lines than that are no picture. */
export function greatest(expr: string): string {
  return `topk(10, ${expr})`;
}

function byClause(labels: string): string {
  return labels === '' ? '' : ` by (${labels}) `;
}

function joined(...parts: readonly string[]): string {
  return parts.filter(part => part !== '').join(', ');
}
