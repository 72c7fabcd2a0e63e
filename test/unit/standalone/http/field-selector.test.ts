import { expect, test } from '@jest/globals';
import { readFieldSelector } from '../../../../src/standalone/http/field-selector.ts';
import { KINDS } from '../../../../src/standalone/kind-table.ts';
import type { Kind } from '../../../../src/standalone/kinds.ts';

function kind(plural: string, group = ''): Kind {
  const found = KINDS.find(one => one.plural === plural && one.group === group);
  if (found === undefined) throw new Error(`no kind ${plural}`);
  return found;
}

const event = {
  metadata: { name: 'app.1', namespace: 'demo' },
  involvedObject: { kind: 'ImageStream', name: 'app', namespace: 'demo', uid: 'u1' },
  reason: 'TagMoved',
  type: 'Normal',
  reportingComponent: 'imagestream-operator',
};

test.each([
  { text: '', want: true },
  { text: 'metadata.name=app.1', want: true },
  { text: 'metadata.name==app.2', want: false },
  { text: 'metadata.name!=app.2', want: true },
  { text: 'metadata.namespace=demo,metadata.name=app.1', want: true },
  { text: 'involvedObject.name=app,involvedObject.namespace=demo,involvedObject.uid=u1', want: true },
  { text: 'involvedObject.kind=ImageStreamImport', want: false },
  { text: 'involvedObject.fieldPath=', want: true },
  { text: 'reason=TagMoved,type!=Warning', want: true },
  { text: 'reason=a\\,b', want: false },
])('"$text" is $want of this Event', ({ text, want }) => {
  expect(readFieldSelector(text, kind('events'))(event)).toBe(want);
});

test('Events of events.k8s.io are selected by the names that their fields have there', () => {
  const events = kind('events', 'events.k8s.io');
  expect(readFieldSelector('regarding.name=app,reportingController=imagestream-operator', events)(event)).toBe(true);
  expect(readFieldSelector('regarding.name=other', events)(event)).toBe(false);
});

test('Secrets are selected by their type', () => {
  const selector = readFieldSelector('type=kubernetes.io/dockerconfigjson', kind('secrets'));
  expect(selector({ type: 'kubernetes.io/dockerconfigjson' })).toBe(true);
  expect(selector({ type: 'Opaque' })).toBe(false);
});

test.each([
  { text: 'spec.tags=x', says: 'field label not supported: spec.tags' },
  { text: 'involvedObject.name=x', says: 'field label not supported: involvedObject.name' },
  { text: 'name', says: "invalid selector: 'name'; can't understand 'name'" },
])('"$text" is refused of an ImageStream', ({ text, says }) => {
  expect(() => readFieldSelector(text, kind('imagestreams', 'image.openshift.io'))).toThrow(says);
});
