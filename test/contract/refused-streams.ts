import { describe, expect, test } from '@jest/globals';
import { STREAMS, type Stage, stream, tag } from './stage.ts';
import { NOT_CHECKED } from './words.ts';

const from = { kind: 'DockerImage', name: 'quay.io/acme/app:1' };
const NO_TAG = 'the repository name may not contain a tag or an ID';

/** What the schemas of our kinds refuse, prune and fill in. */
export function refusedStreams(at: Stage): void {
  const tried = (object: object, validation = 'Strict', plural = 'imagestreams') => {
    const path = `${STREAMS}/namespaces/${at.namespace}/${plural}?dryRun=All&fieldValidation=${validation}`;
    return at.api.ask(path, { method: 'POST', body: object });
  };
  const request = (parts: object) => ({ ...stream('app'), kind: 'ImageStreamImport', ...parts });

  test.each<[spec: unknown, errors: string]>([
    [
      { tags: [{ name: 'a', from: { ...from, kind: 'Foo' } }] },
      `[spec.tags[0].from.kind: Unsupported value: "Foo": supported values: "DockerImage", "ImageStreamTag", "ImageStreamImage", ${NOT_CHECKED}]`,
    ],
    [{ tags: [{ from }] }, `[spec.tags[0].name: Required value, ${NOT_CHECKED}]`],
    [[], `[spec: Invalid value: "array": spec in body must be of type object: "array", ${NOT_CHECKED}]`],
    [
      { tags: {} },
      `[spec.tags: Invalid value: "object": spec.tags in body must be of type array: "object", ${NOT_CHECKED}]`,
    ],
    [
      { tags: [{ name: 'a', generation: 'x' }] },
      `[spec.tags[0].generation: Invalid value: "string": spec.tags[0].generation in body must be of type integer: "string", ${NOT_CHECKED}]`,
    ],
    [{ tags: [{ name: 'a' }, { name: 'a' }, { name: 'a' }] }, 'spec.tags[1]: Duplicate value: {"name":"a"}'],
    [
      { tags: [{ name: '' }] },
      'spec.tags[0].name: Invalid value: "": spec.tags[0].name in body should be at least 1 chars long',
    ],
    [
      { dockerImageRepository: 'x'.repeat(1_025) },
      `[spec.dockerImageRepository: Too long: may not be more than 1024 bytes, ${NOT_CHECKED}]`,
    ],
    [
      { tags: Array.from({ length: 4_097 }, (_, count) => ({ name: `t${count}` })) },
      `[spec.tags: Too many: 4097: must have at most 4096 items, ${NOT_CHECKED}]`,
    ],
    [
      { dockerImageRepository: 'a/b:c', tags: [{ name: '' }] },
      `[spec.tags[0].name: Invalid value: "": spec.tags[0].name in body should be at least 1 chars long, spec.dockerImageRepository: Invalid value: "a/b:c": ${NO_TAG}]`,
    ],
  ])('refuses a spec like %j', async (spec, errors) => {
    const { body } = await tried(stream('app', { spec: spec as object }));
    const message = `ImageStream.image.openshift.io "app" is invalid: ${errors}`;
    expect(body).toMatchObject({ code: 422, reason: 'Invalid', message });
  });

  test('refuses a time that is none', async () => {
    const status = { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: 'x' }] };
    const { body } = await tried(request({ spec: { images: [{ from }] }, status }), 'Strict', 'imagestreamimports');
    expect(body.message).toBe(
      `ImageStreamImport.image.openshift.io "app" is invalid: [status.conditions[0].lastTransitionTime: Invalid value: "x": status.conditions[0].lastTransitionTime in body must be of type date-time: "x", ${NOT_CHECKED}]`,
    );
  });

  test('refuses a request that has no spec', async () => {
    const { body } = await tried(request({}), 'Strict', 'imagestreamimports');
    expect(body.message).toBe(
      `ImageStreamImport.image.openshift.io "app" is invalid: [spec: Required value, ${NOT_CHECKED}]`,
    );
  });

  describe('as to fields that it does not know', () => {
    const typo = {
      ...stream('app', { metadata: { lables: {} }, spec: { tagz: 1, tags: [{ ...tag('a'), form: 1 }] } }),
      statuz: {},
    };
    const fields = ['metadata.lables', 'spec.tags[0].form', 'spec.tagz', 'statuz'].map(
      path => `unknown field "${path}"`,
    );

    test('refuses them', async () => {
      const why = `strict decoding error: ${fields.join(', ')}`;
      expect((await tried(typo)).body).toMatchObject({
        code: 400,
        reason: 'BadRequest',
        message: `ImageStream in version "v1" cannot be handled as a ImageStream: ${why}`,
      });
    });

    test.each(['Warn', 'Ignore'])('leaves them out, with %s', async validation => {
      const { code, body, headers } = await tried(typo, validation);
      expect({ code, spec: body.spec }).toEqual({ code: 201, spec: { tags: [tag('a')] } });
      expect(body).not.toHaveProperty('statuz');
      const told = [headers['warning'] ?? []]
        .flat()
        .map(text => text.replace(/^299 - "(.*)"$/, '$1').replaceAll('\\"', '"'));
      expect(told).toEqual(validation === 'Warn' ? fields : []);
    });

    test('refuses them before it looks at what else is wrong', async () => {
      const { body } = await tried(stream('app', { spec: { tagz: 1, tags: 5 } }));
      expect(body).toMatchObject({ code: 400, message: expect.stringMatching(/unknown field "spec\.tagz"$/) });
    });
  });

  test.each<[name: string, spec: unknown, want: unknown]>([
    ['fills in defaults', { lookupPolicy: {} }, { lookupPolicy: { local: false } }],
    ['fills in a default for a null', { lookupPolicy: { local: null } }, { lookupPolicy: { local: false } }],
    ['leaves out a null where none may be', { tags: null }, {}],
    [
      'leaves a null where one may be',
      { tags: [{ name: 'a', generation: null }] },
      { tags: [{ name: 'a', generation: null }] },
    ],
    ['leaves out a whole spec that is null', null, undefined],
  ])('%s', async (_name, spec, want) => {
    const { code, body } = await tried(stream('app', { spec: spec as object }));
    expect({ code, spec: body.spec }).toEqual({ code: 201, spec: want });
  });

  test('keeps what is to be preserved', async () => {
    const status = {
      import: { metadata: { name: 'q', annotations: { a: 'b' } }, spec: {} },
      images: [
        { status: { metadata: { a: 1 } }, image: { metadata: { name: 'w' }, dockerImageMetadata: { A: { B: [1] } } } },
      ],
    };
    const { body } = await tried(request({ spec: { images: [{ from }] }, status }), 'Strict', 'imagestreamimports');
    expect(body.status).toEqual(status);
  });
}
