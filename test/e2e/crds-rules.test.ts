import { beforeAll, describe, expect, test } from '@jest/globals';
import { CRD_RULES, IMMUTABLE, messageOf, named } from '../gen/crd-rules.ts';
import { useControlPlane } from './control-plane.ts';

const cluster = useControlPlane();
beforeAll(() => cluster.applyCrds());

const DRY_RUN = ['create', '--dry-run=server', '-f', '-'];
describe.each(CRD_RULES)('the API server, by the rule of $rule', ({ rule, at, refused, accepted }) => {
  test.each(refused)('refuses %j', async object => {
    const complaint = await cluster.kubectl.refused(DRY_RUN, { stdin: named(object) });
    expect(complaint).toContain(`${at}: Invalid value`);
    expect(complaint).toContain(messageOf(rule));
  });

  test.each(accepted)('accepts %j', async object => {
    expect(await cluster.kubectl.ok(DRY_RUN, { stdin: named(object) })).toContain('created (server dry run)');
  });
});

describe(`the API server, by the rule of ${IMMUTABLE.rule}`, () => {
  const change = (patch: unknown) => ['patch', 'isi', 'app', '--type=merge', `--patch=${JSON.stringify(patch)}`];
  beforeAll(() => cluster.kubectl.ok(['create', '-f', '-'], { stdin: IMMUTABLE.request }));

  test.each(IMMUTABLE.refused)('refuses to change spec by %j', async spec => {
    expect(await cluster.kubectl.refused(change({ spec }))).toContain(`spec: Invalid value: ${IMMUTABLE.message}`);
  });

  test('accepts the same spec again, other metadata and a status', async () => {
    const status = { conditions: [{ type: 'Complete', status: 'True' }] };
    await cluster.kubectl.ok(['apply', '-f', '-'], { stdin: IMMUTABLE.request });
    await cluster.kubectl.ok(change({ metadata: { labels: { team: 'acme' } }, status }));
    expect(await cluster.get('isi', 'app')).toMatchObject({ metadata: { labels: { team: 'acme' } }, status });
  });
});
