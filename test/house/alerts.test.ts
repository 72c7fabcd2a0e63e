import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readAlerts } from '../../hack/alerts.ts';
import { knownMetrics } from './known-metrics.ts';
import { readQuery } from './promql.ts';
import { root } from './sources.ts';

interface RuleTest {
  readonly name: string;
  readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples?: readonly unknown[] }[];
}

const alerts = readAlerts();
const known = await knownMetrics();
const { tests }: { tests: readonly RuleTest[] } = parse(readFileSync(join(root, 'test/e2e/alerts.yaml'), 'utf8'));

describe.each(alerts)('the alert $name', ({ name, expr, severity, summary, description, runbook }) => {
  const { faults, labels } = readQuery(expr, known);

  test('asks for metrics, labels and values that there are', () => {
    expect(faults).toEqual([]);
  });

  test('names in its texts only labels that it has', () => {
    const named = [...[summary, description, runbook].join().matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(named.filter(label => !labels.has(label ?? ''))).toEqual([]);
  });

  test('says what is wrong, what that means, and what to do', () => {
    expect(['critical', 'warning', 'info']).toContain(severity);
    for (const text of [summary, description, runbook]) expect(text).toMatch(/^\S.*\.$/);
    expect(name).toMatch(/^ImageStream[A-Z]/);
  });

  test('names in its texts only metrics that there are', () => {
    const named = [description, runbook]
      .join(' ')
      .match(/\b(?:imagestream_operator|openshift_imagestreamcontroller)_\w+/g);
    const isKnown = (metric: string) => known.has(metric) || known.has(`${metric}_bucket`);
    expect((named ?? []).filter(metric => !isKnown(metric))).toEqual([]);
  });

  test('has a test in which it fires, and one in which it never does', () => {
    const asks = tests.map(({ promql_expr_test: checks = [] }) =>
      checks
        .filter(({ expr }) => expr.includes(`alertname="${name}"`))
        .map(({ exp_samples }) => exp_samples?.length ?? 0),
    );
    const asked = asks.filter(counts => counts.length > 0);
    expect(asked.some(counts => counts.some(count => count > 0))).toBe(true);
    expect(asked.some(counts => counts.every(count => count === 0))).toBe(true);
  });
});

test('alerts have distinct names', () => {
  expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
});

test('tests are of alerts that there are', () => {
  const asked = tests.flatMap(({ promql_expr_test: checks = [] }) => checks.map(({ expr }) => expr));
  const named = asked.map(expr => /alertname="(\w+)"/.exec(expr)?.[1]);
  expect(named.filter(name => !alerts.some(alert => alert.name === name))).toEqual([]);
});
