import { expect, test } from '@jest/globals';
import { checkPreconditions } from '../../../src/imagestream/preconditions.ts';
import { imageStream, imageStreamImport } from '../../gen/objects.ts';

const stream = imageStream({ metadata: { resourceVersion: '7' } });
const isi = (resourceVersion?: string, uid?: string) =>
  imageStreamImport({ metadata: { ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) } });

test('8.1 stream missing, none given: will be created', () => {
  expect(checkPreconditions(isi(), undefined)).toBeUndefined();
});

test('8.1 stream missing, RV given: 404 of the import resource', () => {
  expect(checkPreconditions(isi('7'), undefined)).toMatchObject({
    code: 404,
    message: 'imagestreamimports.image.openshift.io "app" not found',
  });
});

test('8.1 stream exists, RV given and different: 409', () => {
  expect(checkPreconditions(isi('6'), stream)).toMatchObject({
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on imagestream.image.openshift.io "app": the image stream was updated from "6" to "7"',
  });
});

test('8.1 stream exists, the same RV: goes on', () => {
  expect(checkPreconditions(isi('7'), stream)).toBeUndefined();
});

test('8.1 UID given: ignored', () => {
  expect(checkPreconditions(isi(undefined, 'another'), stream)).toBeUndefined();
});
