import type { HostSettings } from './settings.ts';

type Rate = HostSettings['rate'];

/**
 * What public registries tolerate (R4.1), by the host that is connected to. A host stands in one row at most; `*` is
 * one label.
 */
export const DEFAULT_RATES: readonly { readonly hosts: readonly string[]; readonly rate: Rate }[] = [
  { hosts: ['registry-1.docker.io', 'auth.docker.io'], rate: { perSecond: 5, burst: 20, inFlight: 4 } },
  { hosts: ['quay.io'], rate: { perSecond: 3, burst: 10, inFlight: 4 } },
  {
    hosts: ['ghcr.io', '*.pkg.dev', 'mcr.microsoft.com', 'registry.k8s.io'],
    rate: { perSecond: 15, burst: 30, inFlight: 8 },
  },
  { hosts: ['gcr.io', '*.gcr.io'], rate: { perSecond: 8, burst: 30, inFlight: 8 } },
  { hosts: ['*.dkr.ecr.*.amazonaws.com'], rate: { perSecond: 10, burst: 30, inFlight: 8 } },
  { hosts: ['public.ecr.aws'], rate: { perSecond: 1, burst: 5, inFlight: 2 } },
  {
    hosts: ['*.azurecr.io', 'registry.access.redhat.com', 'registry.redhat.io', 'registry.gitlab.com'],
    rate: { perSecond: 8, burst: 20, inFlight: 6 },
  },
];

/** For every other host. */
export const OTHER_RATE: Rate = { perSecond: 10, burst: 20, inFlight: 6 };

/** The rate of a well-known host (`host[:port]` of a URL); undefined for any other. */
export function wellKnownRate(host: string): Rate | undefined {
  return DEFAULT_RATES.find(({ hosts }) => hosts.some(pattern => fitsHost(pattern, host)))?.rate;
}

/** Whether `host[:port]` fits a pattern in which the label `*` stands for exactly one label. */
export function fitsHost(pattern: string, host: string): boolean {
  const [wanted, given] = [labels(pattern), labels(host)];
  if (wanted.length !== given.length) return false;
  return wanted.every((label, index) => label === given[index] || (label === '*' && given[index] !== ''));
}

/** Labels of a host; its port, or "", comes last. Colons inside brackets belong to an address. */
function labels(host: string): readonly string[] {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(host.toLowerCase()) ?? [];
  // A port is no label: `*` must not stand for it.
  return [...name.split('.'), `:${port}`];
}

/** The table as a reference page shows it. */
export function ratesMarkdown(): string {
  const rows = [...DEFAULT_RATES, { hosts: ['any other'], rate: OTHER_RATE }].map(({ hosts, rate }) => {
    const names = hosts.map(host => (host === 'any other' ? host : `\`${host}\``)).join(', ');
    return `| ${names} | ${rate.perSecond} | ${rate.burst} | ${rate.inFlight} |`;
  });
  const head = [
    '# Default rates',
    '',
    'Made from `src/registry/defaults.ts` by `make generate`: do not edit.',
    '',
    'How fast a registry is asked unless the [registries file](registries.md) says otherwise, by the host that is connected',
    'to. A label `*` stands for exactly one label. When a registry says that it is too much (429, or 503 with Retry-After),',
    'its rate halves, and each minute without that gives back a tenth.',
    '',
  ];
  return `${[...head, '| host | requests per second | burst | in flight |', '|---|---|---|---|', ...rows].join('\n')}\n`;
}
