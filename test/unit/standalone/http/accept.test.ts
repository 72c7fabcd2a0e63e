import { expect, test } from '@jest/globals';
import { wantedForm } from '../../../../src/standalone/http/accept.ts';

const as = (form: string, type = 'application/json') => `${type};as=${form};v=v1;g=meta.k8s.io`;

test.each([
  { name: 'nothing said', header: undefined, want: 'whole' },
  { name: 'an empty header', header: '', want: 'whole' },
  { name: 'anything', header: '*/*', want: 'whole' },
  { name: 'any application type', header: 'application/*', want: 'whole' },
  { name: 'JSON in capitals, with a charset', header: 'Application/JSON; charset=utf-8', want: 'whole' },
  { name: 'a table', header: as('Table'), want: 'Table' },
  {
    name: 'what kubectl get asks for',
    header: `${as('Table')},${'application/json;as=Table;v=v1beta1;g=meta.k8s.io'},application/json`,
    want: 'Table',
  },
  { name: 'metadata', header: as('PartialObjectMetadata'), want: 'PartialObjectMetadata' },
  { name: 'quoted parameters', header: 'application/json;as="Table";v="v1";g="meta.k8s.io"', want: 'Table' },
  {
    name: 'protobuf first, as the garbage collector asks',
    header: `${as('PartialObjectMetadata', 'application/vnd.kubernetes.protobuf')},${as('PartialObjectMetadata')}`,
    want: 'PartialObjectMetadata',
  },
  { name: 'the better quality', header: `application/json;q=0.5,${as('Table')};q=0.9`, want: 'Table' },
  { name: 'a form that there is not, then plain JSON', header: `${as('Other')},application/json`, want: 'whole' },
  { name: 'a form that there is not', header: as('Other'), want: undefined },
  { name: 'a form of another group', header: 'application/json;as=Table;v=v1;g=other', want: undefined },
  { name: 'a web page', header: 'text/html', want: undefined },
  { name: 'protobuf only', header: 'application/vnd.kubernetes.protobuf', want: undefined },
  { name: 'anything but JSON', header: 'application/json;q=0', want: undefined },
  { name: 'a quality that is no number', header: 'application/json;q=high', want: undefined },
])('wantedForm() of $name is $want', ({ header, want }) => {
  expect(wantedForm(header)).toBe(want);
});
