import { beforeEach, describe, expect, test } from '@jest/globals';
import { CRD_RULES, IMMUTABLE, messageOf, named, rulesOfCrds } from '../../gen/crd-rules.ts';
import { type AnyObject, merge, refusal, type Stage, stage } from './stage.ts';

let on: Stage;
beforeEach(async () => {
  on = await stage();
});

const create = (object: object) => {
  const { kind } = object as AnyObject;
  return on.create(kind === 'ImageStream' ? 'imagestreams' : 'imagestreamimports', object, { dryRun: true });
};

describe.each(CRD_RULES)('the embedded API server, by the rule of $rule', ({ rule, at, refused, accepted }) => {
  test.each(refused)('refuses %j', async object => {
    const status = await refusal(create(named(object)));
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    const [cause] = status.details?.causes ?? [];
    expect(cause).toEqual({
      reason: 'FieldValueInvalid',
      message: expect.stringMatching(/^Invalid value: /),
      field: at,
    });
    expect(cause?.message).toContain(messageOf(rule));
  });

  test.each(accepted)('accepts %j', async object => {
    await create(named(object));
  });
});

describe(`the embedded API server, by the rule of ${IMMUTABLE.rule}`, () => {
  beforeEach(() => on.create('imagestreamimports', IMMUTABLE.request));

  test.each(IMMUTABLE.refused)('refuses to change spec by %j', async spec => {
    const status = await refusal(on.patch('imagestreamimports/default/app', merge({ spec })));
    expect(status.message).toContain(`spec: Invalid value: ${IMMUTABLE.message}`);
  });

  test('accepts the same spec again, other metadata and a status', async () => {
    const status = { conditions: [{ type: 'Complete', status: 'True' }] };
    const { spec } = IMMUTABLE.request as unknown as AnyObject;
    const changed = await on.patch(
      'imagestreamimports/default/app',
      merge({ metadata: { labels: { a: 'b' } }, spec, status }),
    );
    expect(changed.object).toMatchObject({ metadata: { labels: { a: 'b' } }, spec, status });
  });
});

test('every CEL rule of the CRDs is among those above', () => {
  expect(rulesOfCrds().toSorted()).toEqual([...CRD_RULES.map(({ rule }) => rule), IMMUTABLE.rule].toSorted());
});
