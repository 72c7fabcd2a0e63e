import type { Infer, Schema } from '../api/schema.ts';

/** API version and kind of a registries file (design D31). */
export const REGISTRIES_API_VERSION = 'config.imagestream-operator/v1alpha1';
export const REGISTRIES_KIND = 'Registries';

const MAX_HOST = 253 + 6;

const rate = {
  type: 'object',
  description: 'How fast the registry is asked. What is left out keeps the built-in default of its host.',
  properties: {
    perSecond: { type: 'integer', description: 'Requests per second on average.', minimum: 1, maximum: 100_000 },
    burst: {
      type: 'integer',
      description: 'Requests that may start at once after a rest.',
      minimum: 1,
      maximum: 100_000,
    },
    inFlight: {
      type: 'integer',
      description: 'Requests under way at the same time, and connections.',
      minimum: 1,
      maximum: 1_024,
    },
  },
} as const satisfies Schema;

/** What `defaults` and an entry have in common: nothing that weakens security may be said for all registries at once. */
const common = {
  rate,
  ca: {
    type: 'string',
    description: 'Certificates (PEM) that are trusted in addition to the default roots.',
    minLength: 1,
    maxLength: 1_048_576,
  },
  caFile: {
    type: 'string',
    description: 'The same in a file; a relative path starts at the folder of this file.',
    minLength: 1,
    maxLength: 4_096,
  },
  headMode: {
    type: 'string',
    description: 'How tags are checked, where what is learned from the registry is not to count.',
    enum: ['head', 'get'],
  },
  allowH2: { type: 'boolean', description: 'Offer HTTP/2.' },
} as const satisfies Readonly<Record<string, Schema>>;

const hostList = (description: string) =>
  ({
    type: 'array',
    description,
    maxItems: 256,
    items: { type: 'string', description: 'host or host:port.', minLength: 1, maxLength: MAX_HOST },
  }) as const satisfies Schema;

const mirror = {
  type: 'object',
  description: 'Another registry with the same content. Mirrors are asked in order, the registry itself last.',
  properties: {
    prefix: {
      type: 'string',
      description: 'Path at the registry that the mirror stands in for, by whole segments; empty for all of it.',
      maxLength: 255,
    },
    host: { type: 'string', description: 'host or host:port of the mirror.', minLength: 1, maxLength: MAX_HOST },
    pathPrefix: {
      type: 'string',
      description: 'Replaces the prefix in paths at the mirror; unless told, paths stay as they are.',
      maxLength: 255,
    },
    resolveTags: {
      type: 'boolean',
      description: 'Trust the mirror to say which digest a tag points to. Otherwise it is asked for digests alone.',
    },
    insecure: { type: 'boolean', description: 'Do not verify the certificate of the mirror.' },
    credentialsFrom: {
      type: 'string',
      description: 'Whose credentials are sent to the mirror: its own (default) or those of the registry.',
      enum: ['mirror', 'upstream'],
    },
    proxy: {
      type: 'boolean',
      description: 'The mirror stands in for several registries: tell it with every request which one is meant (ns=).',
    },
  },
  required: ['host'],
} as const satisfies Schema;

const registry = {
  type: 'object',
  description: 'One registry.',
  properties: {
    host: {
      type: 'string',
      description:
        'Host of the registry as references name it, with its port where they have one. A label may be *, which stands for exactly one label: *.example.com.',
      minLength: 1,
      maxLength: MAX_HOST,
    },
    endpoint: {
      type: 'string',
      description: 'Where to connect, when that is not https://<host>: scheme, host and port.',
      minLength: 1,
      maxLength: 512,
    },
    plainHttp: { type: 'boolean', description: 'Speak http instead of https.' },
    insecureSkipVerify: { type: 'boolean', description: 'Do not verify the certificate.' },
    allowCredentialsOverHttp: { type: 'boolean', description: 'Send credentials over plain http, too.' },
    clientCert: {
      type: 'object',
      description: 'Certificate that the client shows.',
      properties: {
        certFile: { type: 'string', description: 'PEM file of the certificate.', minLength: 1, maxLength: 4_096 },
        keyFile: { type: 'string', description: 'PEM file of its key.', minLength: 1, maxLength: 4_096 },
      },
      required: ['certFile', 'keyFile'],
    },
    ...common,
    trustedRealmHosts: hostList('Token services that may be given the credentials of this registry.'),
    trustedRedirectHosts: hostList('Hosts that this registry may redirect to whatever their address.'),
    mirrors: { type: 'array', description: 'Mirrors of the registry.', maxItems: 64, items: mirror },
    mirrorOnly: {
      type: 'boolean',
      description: 'Never ask the registry itself, only its mirrors. True unless told when the registry is blocked.',
    },
  },
  required: ['host'],
} as const satisfies Schema;

/** The registries file as an administrator writes it. The source of its type, its checks and its reference page. */
export const registriesSchema = {
  type: 'object',
  description: 'Limits, certificates, mirrors and policy for registries.',
  properties: {
    apiVersion: { type: 'string', description: 'Version of this form.', enum: [REGISTRIES_API_VERSION] },
    kind: { type: 'string', description: 'Registries.', enum: [REGISTRIES_KIND] },
    defaults: {
      type: 'object',
      description: 'For registries whose entry says nothing else. The rate is for hosts without a built-in one.',
      properties: common,
    },
    registries: {
      type: 'array',
      description: 'Registries by host. An exact host goes before a wildcard, and the more exact wildcard first.',
      maxItems: 4_096,
      items: registry,
    },
    certsDir: {
      type: 'string',
      description:
        'Folder of certificates by host, besides what entries name: folders like host:port with *.crt (authorities), *.cert and *.key (shown by the client), or files like host..port with authorities, as a ConfigMap has them. A relative path starts at the folder of this file.',
      minLength: 1,
      maxLength: 4_096,
    },
    allowed: {
      type: 'array',
      description: 'Registries that may be imported from. Left out: all. Empty: none.',
      maxItems: 1_024,
      items: {
        type: 'object',
        description: 'One registry, or several by wildcard.',
        properties: {
          domainName: {
            type: 'string',
            description: 'host[:port]; both may contain * and ?. The port is 443 unless told, or 80 when insecure.',
            minLength: 1,
            maxLength: MAX_HOST,
          },
          insecure: { type: 'boolean', description: 'The registry speaks plain http: port 80 is meant.' },
        },
        required: ['domainName'],
      },
    },
    blocked: hostList('Registries that are never asked, by exact host. One that has mirrors is served by those.'),
    privateAddresses: {
      type: 'string',
      description:
        'Whether registries on private addresses are asked: allow (default), deny, or listOnly those listed here.',
      enum: ['allow', 'deny', 'listOnly'],
    },
    clusterDomain: {
      type: 'string',
      description: 'DNS domain of the cluster; cluster.local unless told.',
      minLength: 1,
      maxLength: 253,
    },
    podCIDRs: { ...hostList('Networks of pods. They count as private.'), items: { type: 'string', maxLength: 64 } },
    serviceCIDRs: {
      ...hostList('Networks of services. They count as private.'),
      items: { type: 'string', maxLength: 64 },
    },
    tenantInsecure: {
      type: 'string',
      description: 'Whether importPolicy.insecure is honoured: allow (default), for listedHosts, or deny.',
      enum: ['allow', 'listedHosts', 'deny'],
    },
    verifyOnChange: {
      type: 'string',
      description:
        'Whether a digest that a check found new is proven by fetching it: always, bestEffort (default: unless pull quota runs out), or never.',
      enum: ['always', 'bestEffort', 'never'],
    },
    anonymousFallback: {
      type: 'boolean',
      description: 'Ask without credentials once all that match were rejected; true unless told.',
    },
    strictKubeletMatching: {
      type: 'boolean',
      description: 'Match credentials exactly as the kubelet does, without our extensions; false unless told.',
    },
    proxyTrust: {
      type: 'string',
      description:
        'Whether names inside the cluster may be asked for through the proxy: trusted, or untrusted (default), which refuses them.',
      enum: ['trusted', 'untrusted'],
    },
  },
  required: ['apiVersion', 'kind'],
} as const satisfies Schema;

export type RegistriesFile = Infer<typeof registriesSchema>;
export type RegistryEntry = Infer<typeof registry>;
export type RegistryDefaults = NonNullable<RegistriesFile['defaults']>;
