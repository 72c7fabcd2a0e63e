import { describe, expect, test } from '@jest/globals';
import {
  conflictStatus,
  type FieldError,
  forbiddenField,
  forbiddenStatus,
  formatFieldError,
  internalErrorStatus,
  internalField,
  invalidField,
  invalidStatus,
  notFoundField,
  notFoundStatus,
  quote,
  requiredField,
  standalone,
  successStatus,
  unauthorizedStatus,
} from '../../../src/api/errors.ts';

describe('formatFieldError()', () => {
  const cases: readonly [want: string, error: FieldError][] = [
    ['spec.tags[latest].from.name: Required value', requiredField('spec.tags[latest].from.name')],
    [
      'metadata.name: Required value: name or generateName is required',
      requiredField('metadata.name', 'name or generateName is required'),
    ],
    [
      'spec.images[0].from.kind: Invalid value: "X": only DockerImage is supported',
      invalidField('spec.images[0].from.kind', 'X', 'only DockerImage is supported'),
    ],
    ['a: Invalid value: true: no', invalidField('a', true, 'no')],
    ['a: Invalid value: -1: no', invalidField('a', -1, 'no')],
    ['a: Invalid value: null: no', invalidField('a', null, 'no')],
    ['a: Invalid value: null: no', invalidField('a', undefined, 'no')],
    ['a: Invalid value: [{"b":1}]: no', invalidField('a', [{ b: 1 }], 'no')],
    ['a: Forbidden: not yours', forbiddenField('a', 'not yours')],
    ['a: Not found: "b"', notFoundField('a', 'b')],
    [': Internal error: inner', internalField('', 'inner')],
  ];
  test.each(cases)('%s', (want, error) => {
    expect(formatFieldError(error)).toBe(want);
  });
});

describe('quote()', () => {
  test.each([
    ['plain', '"plain"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['tab\tline\n', '"tab\\tline\\n"'],
    ['\u001b[31mred', '"\\x1b[31mred"'],
    ['über 漢字', '"über 漢字"'],
    ['right\u202eleft', '"right\\u202eleft"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['\ud800', '"\\ufffd"'],
  ])('%j', (text, want) => {
    expect(quote(text)).toBe(want);
  });
});

describe('statuses', () => {
  test('invalidStatus() with one error prints it bare', () => {
    expect(invalidStatus('ImageStream', 'app', [requiredField('spec.tags[a].from.name')])).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'ImageStream.image.openshift.io "app" is invalid: spec.tags[a].from.name: Required value',
      reason: 'Invalid',
      details: {
        name: 'app',
        group: 'image.openshift.io',
        kind: 'ImageStream',
        causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.tags[a].from.name' }],
      },
      code: 422,
    });
  });

  test('invalidStatus() with several errors prints them in brackets, equal ones once', () => {
    const errors = [requiredField('a'), invalidField('b', 'x', 'no'), requiredField('a')];
    const status = invalidStatus('ImageStreamImport', 'app', errors);
    expect(status.message).toBe(
      'ImageStreamImport.image.openshift.io "app" is invalid: [a: Required value, b: Invalid value: "x": no]',
    );
    expect(status.details?.causes).toHaveLength(3);
  });

  test('invalidStatus() without kind and name begins with a space, as OpenShift does for an unparsable image', () => {
    const error = invalidField('from.name', 'test///un/parse/able/image', 'invalid name: invalid reference format');
    const status = invalidStatus('', '', [error]);
    expect(status.message).toBe(
      ' "" is invalid: from.name: Invalid value: "test///un/parse/able/image": invalid name: invalid reference format',
    );
    expect(status.details).toEqual({
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: "test///un/parse/able/image": invalid name: invalid reference format',
          field: 'from.name',
        },
      ],
    });
  });

  test('notFoundStatus()', () => {
    expect(notFoundStatus('dockerimage', 'quay.io/org/app:v1')).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'dockerimage.image.openshift.io "quay.io/org/app:v1" not found',
      reason: 'NotFound',
      details: { group: 'image.openshift.io', kind: 'dockerimage', name: 'quay.io/org/app:v1' },
      code: 404,
    });
  });

  test('conflictStatus()', () => {
    const status = conflictStatus('imagestream', 'app', 'the image stream was updated from "1" to "2"');
    expect(status).toEqual({
      metadata: {},
      status: 'Failure',
      message:
        'Operation cannot be fulfilled on imagestream.image.openshift.io "app": the image stream was updated from "1" to "2"',
      reason: 'Conflict',
      details: { group: 'image.openshift.io', kind: 'imagestream', name: 'app' },
      code: 409,
    });
  });

  test('forbiddenStatus() of a blocked registry', () => {
    expect(forbiddenStatus('registry quay.io blocked')).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'forbidden: registry quay.io blocked',
      reason: 'Forbidden',
      details: {},
      code: 403,
    });
  });

  test('unauthorizedStatus()', () => {
    expect(unauthorizedStatus('you may not have access to the container image "a"')).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'you may not have access to the container image "a"',
      reason: 'Unauthorized',
      code: 401,
    });
  });

  test('internalErrorStatus() names its cause, by default in the same words', () => {
    expect(internalErrorStatus('docker.io/library/a:latest: denied')).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'Internal error occurred: docker.io/library/a:latest: denied',
      reason: 'InternalError',
      details: { causes: [{ message: 'docker.io/library/a:latest: denied' }] },
      code: 500,
    });
    expect(internalErrorStatus('a:1: denied', 'denied').details).toEqual({ causes: [{ message: 'denied' }] });
  });

  test('standalone() adds what a whole answer has', () => {
    expect(successStatus).toEqual({ metadata: {}, status: 'Success' });
    expect(JSON.stringify(standalone(successStatus))).toBe(
      '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}',
    );
  });
});
