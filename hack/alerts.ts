import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

/** Rules that the chart puts into a PrometheusRule as they are. */
export const ALERTS_FILE = 'manifests/chart/imagestream-operator/files/alerts.yaml';

/** One alert, as it is written. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long the expression must hold; undefined for at once. */
  readonly for: string | undefined;
  readonly severity: 'critical' | 'warning' | 'info';
  /** Texts with templates in them: `{{ $labels.registry }}`. */
  readonly summary: string;
  readonly description: string;
  /** What to look at and to do. */
  readonly runbook: string;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: Alert['severity'] };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

const ROOT = resolve(import.meta.dirname, '..');
const SEVERITIES = ['critical', 'warning', 'info'] as const;

/** The alerts of the file, in its order. */
export function readAlerts(): readonly Alert[] {
  const { groups }: RuleFile = parse(readFileSync(join(ROOT, ALERTS_FILE), 'utf8'));
  return groups
    .flatMap(({ rules }) => rules)
    .map(({ alert, expr, for: held, labels, annotations }) => ({
      name: alert,
      expr,
      for: held,
      severity: labels.severity,
      ...annotations,
    }));
}

/** The page of alerts, to be checked in. */
export function alertsMarkdown(): string {
  const alerts = readAlerts();
  const lines = [
    '# Alerts',
    '',
    `Made from \`${ALERTS_FILE}\` by \`make generate\`: do not edit.`,
    '',
    'The chart ships them as a PrometheusRule (`prometheusRule.enabled`); a Prometheus without its operator reads the file',
    'as a rule file. What is in braces is filled in when an alert fires. [Metrics](metrics.md) says what each metric counts.',
    '',
    '| alert | severity | |',
    '|---|---|---|',
  ];
  for (const severity of SEVERITIES) {
    for (const { name, summary } of alerts.filter(alert => alert.severity === severity)) {
      lines.push(`| [${name}](#${name.toLowerCase()}) | ${severity} | ${readable(summary)} |`);
    }
  }
  for (const alert of alerts) {
    const held = alert.for === undefined ? 'at once' : `after ${alert.for}`;
    lines.push('', `## ${alert.name}`, '', `${readable(alert.description)} (${alert.severity}, ${held})`, '');
    lines.push(`**What to do:** ${readable(alert.runbook)}`, '', '```promql', alert.expr.trim(), '```');
  }
  return `${lines.join('\n')}\n`;
}

/** `{{ $labels.registry }}` as `{registry}`. */
function readable(text: string): string {
  return text.replace(/\{\{\s*(?:\$labels\.)?\$?(\w+)[^}]*\}\}/g, '{$1}').trim();
}
