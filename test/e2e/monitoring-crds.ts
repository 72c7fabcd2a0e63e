// The kinds of the Prometheus Operator that the chart has objects of, as far as these objects could go: names, types and
// patterns are those of its `monitoring.coreos.com/v1` (0.93), fields that nobody here could set are left out. A field
// that is not here is refused where fields are validated.

const string = { type: 'string' };
const boolean = { type: 'boolean' };
const strings = { type: 'array', items: string };
const stringMap = { type: 'object', additionalProperties: string };
const intOrString = { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
const duration = {
  type: 'string',
  pattern: '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$',
};

const ACTIONS = ['replace', 'keep', 'drop', 'hashmod', 'labelmap', 'labeldrop', 'labelkeep'];
const CASE_ACTIONS = ['lowercase', 'uppercase', 'keepequal', 'dropequal'];

const relabelings = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      action: { type: 'string', enum: [...ACTIONS, ...CASE_ACTIONS] },
      modulus: { type: 'integer', format: 'int64' },
      regex: string,
      replacement: string,
      separator: string,
      sourceLabels: strings,
      targetLabel: string,
    },
  },
};

const endpoint = {
  type: 'object',
  properties: {
    port: string,
    path: string,
    scheme: { type: 'string', enum: ['http', 'https', 'HTTP', 'HTTPS'] },
    interval: duration,
    scrapeTimeout: duration,
    honorLabels: boolean,
    honorTimestamps: boolean,
    followRedirects: boolean,
    relabelings,
    metricRelabelings: relabelings,
  },
};

const selector = {
  type: 'object',
  properties: {
    matchLabels: stringMap,
    matchExpressions: {
      type: 'array',
      items: {
        type: 'object',
        properties: { key: string, operator: string, values: strings },
        required: ['key', 'operator'],
      },
    },
  },
};
const namespaceSelector = { type: 'object', properties: { any: boolean, matchNames: strings } };

const rule = {
  type: 'object',
  properties: {
    alert: string,
    record: string,
    expr: intOrString,
    for: duration,
    keep_firing_for: { ...duration, minLength: 1 },
    labels: stringMap,
    annotations: stringMap,
  },
  required: ['expr'],
};
const ruleGroup = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1 },
    interval: duration,
    query_offset: duration,
    limit: { type: 'integer' },
    labels: stringMap,
    rules: { type: 'array', items: rule },
  },
  required: ['name'],
};

const monitor = (endpoints: string, required: readonly string[]) => ({
  type: 'object',
  properties: { jobLabel: string, selector, namespaceSelector, [endpoints]: { type: 'array', items: endpoint } },
  required,
});

export const MONITORING_CRDS = [
  crd('ServiceMonitor', monitor('endpoints', ['endpoints', 'selector'])),
  crd('PodMonitor', monitor('podMetricsEndpoints', ['selector'])),
  crd('PrometheusRule', {
    type: 'object',
    properties: {
      groups: {
        type: 'array',
        items: ruleGroup,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
    },
  }),
];

function crd(kind: string, spec: object): object {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { type: 'object', properties: { spec }, required: ['spec'] };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}
