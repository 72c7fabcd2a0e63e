import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ALERTS_FILE, readAlerts } from '../../hack/alerts.ts';
import { readPages } from '../docs/pages.ts';
import { promtool } from './prometheus.ts';
import { ROOT } from './shipped.ts';

const folder = mkdtempSync(join(tmpdir(), 'alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('promtool takes the rules as they are', async () => {
  const { status, stdout, stderr } = await promtool(['check', 'rules', `${ROOT}/${ALERTS_FILE}`]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`SUCCESS: ${readAlerts().length} rules found`);
});

test('every alert fires when it should, and not when it should not', async () => {
  const { status, stdout, stderr } = await promtool(['test', 'rules', `${ROOT}/test/e2e/alerts.yaml`]);
  expect({ status, told: stdout + stderr }).toEqual({ status: 0, told: expect.stringContaining('SUCCESS') });
});

test('docs/metrics.md shows a configuration that Prometheus takes, with the rules beside it', async () => {
  const page = readPages().find(({ path }) => path === 'docs/metrics.md');
  const shown = page?.blocks.find(({ info }) => info === 'yaml prometheus.yml')?.text ?? '';
  const { scrape_configs: scrapes, ...config } = parse(shown);
  // Debian's Prometheus is built without the discovery in Kubernetes; all around it is looked at.
  const checked = scrapes.map(
    ({ kubernetes_sd_configs: _pods, ...scrape }: object & { kubernetes_sd_configs: object }) => scrape,
  );
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({ ...config, scrape_configs: checked }));
  copyFileSync(join(ROOT, ALERTS_FILE), join(folder, basename(ALERTS_FILE)));
  const { status, stdout, stderr } = await promtool(['check', 'config', join(folder, 'prometheus.yml')]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`SUCCESS: ${readAlerts().length} rules found`);
});
