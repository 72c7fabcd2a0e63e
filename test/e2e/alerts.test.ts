import { expect, test } from '@jest/globals';
import { ALERTS_FILE, readAlerts } from '../../hack/alerts.ts';
import { promtool } from './prometheus.ts';
import { ROOT } from './shipped.ts';

test('promtool takes the rules as they are', async () => {
  const { status, stdout, stderr } = await promtool(['check', 'rules', `${ROOT}/${ALERTS_FILE}`]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`SUCCESS: ${readAlerts().length} rules found`);
});

test('every alert fires when it should, and not when it should not', async () => {
  const { status, stdout, stderr } = await promtool(['test', 'rules', `${ROOT}/test/e2e/alerts.yaml`]);
  expect({ status, told: stdout + stderr }).toEqual({ status: 0, told: expect.stringContaining('SUCCESS') });
});
