import { stringify } from 'yaml';
import type { CustomResourceDefinition } from '../../src/api/crd.ts';

const METADATA = `metadata:
  name: NAME
  labels:
    {{- include "imagestream-operator.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
`;

/**
 * A CRD as a template of the chart, so that an upgrade of the release upgrades it: what lies in the folder `crds/` of a
 * chart Helm installs once and never again.
 */
export function crdTemplate(crd: CustomResourceDefinition, head: string): string {
  const { metadata, ...rest } = crd;
  const text = stringify(rest, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
  if (text.includes('{{')) throw new Error(`${metadata.name} holds "{{", which Helm would take for its own`);
  const body = text.replace(/^spec:/m, `${METADATA.replace('NAME', metadata.name)}spec:`);
  return `{{- if .Values.crds.install }}\n${head}${body}{{- end }}\n`;
}
