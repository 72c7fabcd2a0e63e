/** Commands that take options. */
export const COMMANDS = ['import', 'operator', 'dev'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** What the value of an option is; `interval` is a duration such as `15m`. */
export type OptionType =
  | 'flag'
  | 'text'
  | 'choice'
  | 'count'
  | 'interval'
  | 'optionalInterval'
  | 'platform'
  | 'namespace'
  | 'namespaces'
  | 'namespacedName'
  | 'registry'
  | 'address'
  | 'host'
  | 'port'
  | 'files';

/** One row of the table of options (design D30). */
export interface OptionRow {
  /** Without the dashes. */
  readonly flag: string;
  readonly short?: string;
  readonly type: OptionType;
  /** Name of the value in help. */
  readonly value?: string;
  /** Of a `choice`. */
  readonly choices?: readonly string[];
  /** Smallest `count`, or smallest `interval` in milliseconds. */
  readonly min?: number;
  /** Whether an `interval` may be 0, too: the help says what that means. */
  readonly zero?: true;
  /** As a user would write it. */
  readonly default?: string;
  /** Of the commands whose default is another one. */
  readonly defaults?: Readonly<Partial<Record<CommandName, string>>>;
  /** Whether `IMAGESTREAM_OPERATOR_<FLAG>` sets the default. */
  readonly env?: true;
  readonly group: OptionGroup;
  readonly help: string;
  readonly commands: readonly CommandName[];
}

export const OPTION_GROUPS = [
  'Cluster',
  'What to import',
  'Rules',
  'Registries',
  'Serving',
  'Output',
  'Watching',
  'Other',
] as const;
export type OptionGroup = (typeof OPTION_GROUPS)[number];

/**
 * Every option there is. The key is the field of the parsed options, with its unit where it has one. Environment
 * variables exist for what describes a place (a cluster, a laptop), not for what describes one call.
 */
export const OPTIONS = {
  kubeconfig: {
    flag: 'kubeconfig',
    type: 'text',
    value: 'FILE',
    env: true,
    group: 'Cluster',
    help: 'how to reach the cluster; unless told, KUBECONFIG, the service account of the pod, or ~/.kube/config',
    commands: ['operator'],
  },
  namespace: {
    flag: 'namespace',
    type: 'namespace',
    value: 'NAMESPACE',
    env: true,
    group: 'Cluster',
    help: 'where the operator keeps its Lease and its own Events; unless told, the namespace of its pod or of the context',
    commands: ['operator'],
  },
  watchNamespaces: {
    flag: 'watch-namespaces',
    type: 'namespaces',
    value: 'NAMESPACE,...',
    env: true,
    group: 'Cluster',
    help: 'namespaces whose image streams are looked after; unless told, all',
    commands: ['operator', 'dev'],
  },
  leaderElect: {
    flag: 'leader-elect',
    type: 'flag',
    default: 'true',
    // With nobody to agree with, a lease of a run that was killed would only hold the next one up.
    defaults: { dev: 'false' },
    env: true,
    group: 'Cluster',
    help: 'work only while holding the Lease, so that of several replicas one does; =false is for a single one',
    commands: ['operator', 'dev'],
  },
  shutdownGraceMs: {
    flag: 'shutdown-grace',
    type: 'interval',
    value: 'DURATION',
    zero: true,
    default: '20s',
    defaults: { dev: '1s' },
    env: true,
    group: 'Cluster',
    help: 'how long work under way may take to finish once the operator is told to stop; 0 abandons it at once',
    commands: ['operator', 'dev'],
  },
  data: {
    flag: 'data',
    type: 'text',
    value: 'DIR',
    env: true,
    group: 'Cluster',
    help: 'keep objects, certificates and token in this folder, over restarts; unless told, they end with the command',
    commands: ['dev'],
  },
  apply: {
    flag: 'apply',
    type: 'files',
    value: 'FILE...',
    group: 'Cluster',
    help: 'apply these objects, YAML or JSON, before the operator starts; may be given more than once',
    commands: ['dev'],
  },
  kubeconfigOut: {
    flag: 'kubeconfig-out',
    type: 'text',
    value: 'FILE',
    default: '.dev/kubeconfig',
    env: true,
    group: 'Cluster',
    help: 'where to write the kubeconfig that kubectl needs; it holds a token',
    commands: ['dev'],
  },
  filename: {
    flag: 'filename',
    short: 'f',
    type: 'text',
    value: 'FILE',
    group: 'What to import',
    help: 'ImageStreamImport or ImageStream to import, YAML or JSON; - reads standard input',
    commands: ['import'],
  },
  all: {
    flag: 'all',
    type: 'flag',
    group: 'What to import',
    help: 'import the tags of the whole repository that the reference names',
    commands: ['import'],
  },
  to: {
    flag: 'to',
    type: 'text',
    value: 'TAG',
    group: 'What to import',
    help: 'tag of the stream to import into; unless told, the tag of the reference',
    commands: ['import'],
  },
  importMode: {
    flag: 'import-mode',
    type: 'choice',
    value: 'MODE',
    choices: ['Legacy', 'PreserveOriginal'],
    group: 'What to import',
    help: 'what to do with a list of manifests: Legacy (unless told) keeps the one of a platform, PreserveOriginal keeps them all',
    commands: ['import'],
  },
  insecure: {
    flag: 'insecure',
    type: 'flag',
    group: 'What to import',
    help: 'do not verify certificates, and use plain http where https is not spoken',
    commands: ['import'],
  },
  scheduled: {
    flag: 'scheduled',
    type: 'flag',
    group: 'What to import',
    help: 'mark the tags to be re-checked in the background',
    commands: ['import'],
  },
  referencePolicy: {
    flag: 'reference-policy',
    type: 'choice',
    value: 'POLICY',
    choices: ['Source', 'Local'],
    group: 'What to import',
    help: 'how consumers refer to the image: by its Source (unless told) or through the Local registry',
    commands: ['import'],
  },
  includeManifest: {
    flag: 'include-manifest',
    type: 'flag',
    group: 'What to import',
    help: 'return the raw manifest and config of each image',
    commands: ['import'],
  },
  stream: {
    flag: 'stream',
    type: 'text',
    value: 'FILE',
    group: 'What to import',
    help: 'ImageStream to import into; the resulting stream is printed under status.import',
    commands: ['import'],
  },
  platform: {
    flag: 'platform',
    type: 'platform',
    value: 'OS/ARCH',
    default: 'linux/amd64',
    env: true,
    group: 'Rules',
    help: 'platform that a list of manifests is resolved to',
    commands: ['import', 'operator', 'dev'],
  },
  maxImagesPerRepository: {
    flag: 'max-images-per-repository',
    type: 'count',
    value: 'N',
    min: -1,
    default: '50',
    env: true,
    group: 'Rules',
    help: 'tags that an import of a whole repository imports, the others are listed; -1 imports all, 0 is the default',
    commands: ['import', 'operator', 'dev'],
  },
  rules: {
    flag: 'rules',
    type: 'choice',
    value: 'RULES',
    choices: ['openshift', 'operator'],
    group: 'Rules',
    help: 'rules of recording; unless told, openshift, and operator for an ImageStream, --watch and --stream-out',
    commands: ['import'],
  },
  historyLimit: {
    flag: 'history-limit',
    type: 'count',
    value: 'N',
    min: 1,
    default: '20',
    env: true,
    group: 'Rules',
    help: 'images that the history of a tag holds under the rules of the operator',
    commands: ['import', 'operator', 'dev'],
  },
  images: {
    flag: 'images',
    type: 'choice',
    value: 'MODE',
    choices: ['on', 'off'],
    default: 'on',
    env: true,
    group: 'Rules',
    help: 'whether an Image object is kept for each image that a stream names',
    commands: ['operator', 'dev'],
  },
  isiTtlMs: {
    flag: 'isi-ttl',
    type: 'interval',
    value: 'DURATION',
    min: 1_000,
    zero: true,
    default: '10m',
    env: true,
    group: 'Rules',
    help: 'how long a completed ImageStreamImport is kept; 0 keeps it for good',
    commands: ['operator', 'dev'],
  },
  publicRegistry: {
    flag: 'public-registry',
    type: 'registry',
    value: 'HOST',
    env: true,
    group: 'Rules',
    help: 'registry that status.publicDockerImageRepository names; unless told, that field stays empty',
    commands: ['operator', 'dev'],
  },
  internalRegistry: {
    flag: 'internal-registry',
    type: 'registry',
    value: 'HOST',
    env: true,
    group: 'Rules',
    help: 'registry that status.dockerImageRepository names; unless told, that field stays empty',
    commands: ['operator', 'dev'],
  },
  registriesFile: {
    flag: 'registries-file',
    type: 'text',
    value: 'FILE',
    env: true,
    group: 'Registries',
    help: 'limits, certificates, mirrors and policy per registry',
    commands: ['import', 'operator', 'dev'],
  },
  pullSecrets: {
    flag: 'pull-secrets',
    type: 'text',
    value: 'FILE',
    group: 'Registries',
    help: 'Secrets as kubectl get secrets -o json prints them, used as those of a namespace',
    commands: ['import'],
  },
  defaultPullSecret: {
    flag: 'default-pull-secret',
    type: 'namespacedName',
    value: 'NAMESPACE/NAME',
    env: true,
    group: 'Registries',
    help: 'Secret whose credentials are tried once those of the namespace of a stream are rejected, or it has none',
    commands: ['operator', 'dev'],
  },
  authFile: {
    flag: 'authfile',
    type: 'text',
    value: 'FILE',
    group: 'Registries',
    help: 'credentials in the form of a docker config.json; unless told, where podman and docker look',
    commands: ['import'],
  },
  tenantInsecure: {
    flag: 'tenant-insecure',
    type: 'choice',
    value: 'POLICY',
    choices: ['allow', 'listedHosts', 'deny'],
    env: true,
    group: 'Registries',
    help: 'whether importPolicy.insecure is honoured; unless told, as the registries file says, else allow',
    commands: ['import', 'operator', 'dev'],
  },
  metricsAddress: {
    flag: 'metrics-address',
    type: 'address',
    value: '[HOST]:PORT',
    default: ':8080',
    defaults: { dev: 'off' },
    env: true,
    group: 'Serving',
    help: 'where /metrics is served; off serves none',
    commands: ['operator', 'dev'],
  },
  healthAddress: {
    flag: 'health-address',
    type: 'address',
    value: '[HOST]:PORT',
    default: ':8081',
    defaults: { dev: 'off' },
    env: true,
    group: 'Serving',
    help: 'where /healthz and /readyz are served; off serves none',
    commands: ['operator', 'dev'],
  },
  address: {
    flag: 'address',
    type: 'host',
    value: 'ADDRESS',
    default: '127.0.0.1',
    env: true,
    group: 'Serving',
    help: 'IP address at which the API server listens; whoever has the token of the kubeconfig may do everything',
    commands: ['dev'],
  },
  // Without a variable: IMAGESTREAM_OPERATOR_PORT is one that Kubernetes sets (see `variableOf`).
  port: {
    flag: 'port',
    type: 'port',
    value: 'PORT',
    group: 'Serving',
    help: 'port of the API server; 0 is any free one; unless told, 8443, or a free one where that is taken',
    commands: ['dev'],
  },
  registryPort: {
    flag: 'registry-port',
    type: 'port',
    value: 'PORT',
    env: true,
    group: 'Serving',
    help: 'port of the sample registry; 0 is any free one; unless told, 5000, or a free one where that is taken',
    commands: ['dev'],
  },
  noRegistry: {
    flag: 'no-registry',
    type: 'flag',
    env: true,
    group: 'Serving',
    help: 'start neither the sample registry nor its sample stream',
    commands: ['dev'],
  },
  output: {
    flag: 'output',
    short: 'o',
    type: 'choice',
    value: 'FORMAT',
    choices: ['table', 'yaml', 'json', 'name'],
    default: 'table',
    group: 'Output',
    help: 'form of what is printed',
    commands: ['import'],
  },
  streamOut: {
    flag: 'stream-out',
    type: 'text',
    value: 'FILE',
    group: 'Output',
    help: 'keep the resulting stream in this file; with --watch it is taken up again after a restart',
    commands: ['import'],
  },
  logLevel: {
    flag: 'log-level',
    type: 'choice',
    value: 'LEVEL',
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'warn',
    defaults: { operator: 'info', dev: 'silent' },
    env: true,
    group: 'Output',
    help: 'JSON logs from this level on; the operator has them on standard output, other commands on standard error',
    commands: ['import', 'operator', 'dev'],
  },
  watch: {
    flag: 'watch',
    type: 'optionalInterval',
    value: 'INTERVAL',
    min: 1_000,
    group: 'Watching',
    help: 'keep going and re-check scheduled tags; the interval is for tags without one of their own',
    commands: ['import'],
  },
  forMs: {
    flag: 'for',
    type: 'interval',
    value: 'DURATION',
    min: 1_000,
    group: 'Watching',
    help: 'end by itself: with status 0 once a scheduled check saw a tag move, with 1 when none did for so long',
    commands: ['dev'],
  },
  defaultIntervalMs: {
    flag: 'default-interval',
    type: 'interval',
    value: 'INTERVAL',
    min: 1_000,
    default: '15m',
    env: true,
    group: 'Watching',
    help: 'interval of scheduled tags that have none of their own',
    commands: ['import', 'operator', 'dev'],
  },
  minIntervalMs: {
    flag: 'min-interval',
    type: 'interval',
    value: 'INTERVAL',
    min: 1_000,
    default: '1s',
    defaults: { operator: '1m' },
    env: true,
    group: 'Watching',
    help: 'no tag is re-checked more often than this, whatever its annotation says',
    commands: ['import', 'operator', 'dev'],
  },
  help: {
    flag: 'help',
    short: 'h',
    type: 'flag',
    group: 'Other',
    help: 'print this help',
    commands: ['import', 'operator', 'dev'],
  },
  version: {
    flag: 'version',
    type: 'flag',
    group: 'Other',
    help: 'print the version',
    commands: ['import', 'operator', 'dev'],
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

type Table = typeof OPTIONS;

/** `--watch` may stand alone: then `intervalMs` is undefined. */
export interface WatchOption {
  readonly intervalMs: number | undefined;
}

/** Where to listen. Without a host, on every address of the machine; port 0 is any free one. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

interface SpecialValues {
  readonly count: number;
  readonly interval: number;
  readonly optionalInterval: WatchOption;
  readonly namespaces: readonly string[];
  readonly namespacedName: NamespacedName;
  /** Undefined when switched off. */
  readonly address: ListenAddress | undefined;
  readonly port: number;
  readonly files: readonly string[];
}

type ValueOf<Row> = Row extends { readonly type: 'flag' }
  ? boolean
  : Row extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : Row extends { readonly type: infer Type extends keyof SpecialValues }
      ? SpecialValues[Type]
      : string;

type FieldOf<Row> = Row extends { readonly type: 'flag' } | { readonly default: string }
  ? ValueOf<Row>
  : ValueOf<Row> | undefined;

/** The options of a command as plain values: durations in milliseconds, what was not given and has no default undefined. */
export type OptionsOf<Command extends CommandName> = {
  readonly [Name in keyof Table as Command extends Table[Name]['commands'][number] ? Name : never]: FieldOf<
    Table[Name]
  >;
};

/** Rows of a command by field name, in the order of the table. */
export function rowsOf(command: CommandName): readonly (readonly [string, OptionRow])[] {
  return Object.entries<OptionRow>(OPTIONS).filter(([, row]) => row.commands.includes(command));
}

/** What an option of a command is when nobody says, as a user would write it. */
export function defaultText(row: OptionRow, command: CommandName): string | undefined {
  return row.defaults?.[command] ?? row.default;
}

/**
 * The environment variable that sets an option. Variables of the prefix that name no option are left alone: Kubernetes
 * sets some (`IMAGESTREAM_OPERATOR_PORT`) when a Service has the operator's name.
 */
export function variableOf(row: OptionRow): string {
  return `IMAGESTREAM_OPERATOR_${row.flag.toUpperCase().replaceAll('-', '_')}`;
}
