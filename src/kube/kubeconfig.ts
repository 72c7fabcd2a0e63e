import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { KubeConfig as ClientConfig } from '@kubernetes/client-node';
import { type Clock, systemClock } from '../clock.ts';
import { KubeConfigFault } from './kubeconfig-fault.ts';
import { readKubeconfigs } from './kubeconfig-files.ts';
import { readCredentials } from './kubeconfig-user.ts';

/** Keys and certificates of connections, PEM. */
export interface TlsMaterial {
  /** In place of the default roots, not besides them. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** Name that the server's certificate must have, when it is not that of the URL. */
  readonly serverName?: string;
  readonly verify: boolean;
}

/** Who we are, as it goes with one request. Never logged. */
export interface Credentials {
  /** `Authorization` and the like. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

/** Where the API server is, and who we are to it. */
export interface KubeConfig {
  /** URL, with no slash at its end; may have a path. */
  readonly server: string;
  /** Of the context, or of the pod; `default` when neither says. */
  readonly namespace: string;
  /** Where this was read, for messages: `kubeconfig "/home/a/.kube/config"`. */
  readonly source: string;
  /** http, https or socks5. */
  readonly proxyUrl?: string;
  /**
   * Those in force. They are read again when half a minute old (tokens and certificates rotate), and at once when
   * `refused` names the ones that the server did not accept. Throws `KubeConfigFault`.
   */
  credentials(refused?: Credentials): Promise<Credentials>;
}

export interface KubeConfigOptions {
  /** Path, from `--kubeconfig`. */
  readonly kubeconfig?: string;
  /** Of it: KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Where a pod finds its token, CA and namespace. */
  readonly serviceAccount?: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const REFRESH_MS = 30_000;

/** How to read the settings, once more each time. */
interface Origin {
  readonly source: string;
  read(): Promise<ClientConfig>;
}

/**
 * Finds and reads the settings of a cluster: `--kubeconfig`, else the files of KUBECONFIG, else the pod's own, else
 * `~/.kube/config`. Credentials are read once, too, so that faults show at the start. Throws `KubeConfigFault`: which
 * file, and what is wrong with it.
 */
export async function loadKubeConfig(options: KubeConfigOptions): Promise<KubeConfig> {
  const origin = await findOrigin(options);
  const config = await origin.read();
  const { server, namespace, proxyUrl } = endpointOf(config, origin.source);
  const credentials = new RotatingCredentials(origin, config, options.clock ?? systemClock);
  await credentials.get();
  return {
    server,
    namespace,
    source: origin.source,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    credentials: refused => credentials.get(refused),
  };
}

async function findOrigin({ kubeconfig, env, serviceAccount }: KubeConfigOptions): Promise<Origin> {
  if (kubeconfig !== undefined) return filesOrigin([kubeconfig], false);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(path => path !== '');
  // As kubectl: of several files, those that don't exist count as empty.
  if (listed.length > 0) return filesOrigin(listed, listed.length > 1);
  const directory = serviceAccount ?? SERVICE_ACCOUNT;
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const inPod = host !== '';
  if (inPod && (await exists(join(directory, 'token')))) {
    return podOrigin(host, env['KUBERNETES_SERVICE_PORT'] ?? '443', directory);
  }
  const home = join(env['HOME'] ?? '/', '.kube', 'config');
  if (await exists(home)) return filesOrigin([home], false);
  const pod = inPod ? `this pod has no token in "${directory}"` : 'this is no pod';
  throw new KubeConfigFault(
    `no cluster is configured: neither --kubeconfig nor KUBECONFIG is set, ${pod}, and "${home}" does not exist`,
  );
}

function filesOrigin(files: readonly string[], mayMiss: boolean): Origin {
  const source = `kubeconfig "${files.join(delimiter)}"`;
  return { source, read: () => readKubeconfigs(files, mayMiss, source) };
}

function podOrigin(host: string, port: string, directory: string): Origin {
  const source = `service account "${directory}"`;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    source,
    read: async () => {
      const { KubeConfig: Client } = await import('./kubeconfig-library.ts');
      const namespace = await readFile(join(directory, 'namespace'), 'utf8').catch(() => '');
      const config = new Client();
      const tokenFile = join(directory, 'token');
      config.loadFromOptions({
        clusters: [{ name: 'pod', server, caFile: join(directory, 'ca.crt'), skipTLSVerify: false }],
        users: [{ name: 'pod', authProvider: { name: 'tokenFile', config: { tokenFile } } }],
        contexts: [{ name: 'pod', cluster: 'pod', user: 'pod', namespace: namespace.trim() }],
        currentContext: 'pod',
      });
      return config;
    },
  };
}

function endpointOf(config: ClientConfig, source: string): Pick<KubeConfig, 'server' | 'namespace' | 'proxyUrl'> {
  const fault = (what: string) => new KubeConfigFault(`${source}: ${what}`);
  const name = config.getCurrentContext() || undefined;
  if (name === undefined) throw fault('current-context is not set');
  const context = config.getContextObject(name);
  if (context === null) throw fault(`there is no context "${name}"`);
  const cluster = config.getCluster(context.cluster);
  if (cluster === null) throw fault(`context "${name}" names cluster "${context.cluster}", which is not there`);
  const user = config.getUser(context.user);
  if (context.user && user === null) throw fault(`context "${name}" names user "${context.user}", which is not there`);
  if (!isUrl(cluster.server, /^https?:$/)) throw fault(`server of cluster "${cluster.name}" is no http or https URL`);
  const proxyUrl = cluster.proxyUrl || undefined;
  if (proxyUrl !== undefined && !isUrl(proxyUrl, /^(https?|socks5?):$/)) {
    throw fault(`proxy-url of cluster "${cluster.name}" is no http, https or socks5 URL`);
  }
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: context.namespace || 'default',
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  };
}

/** Credentials that follow their files. */
class RotatingCredentials {
  readonly #origin: Origin;
  readonly #clock: Clock;
  #config: ClientConfig;
  #current: Credentials | undefined;
  #readAtMs = 0;
  #reading: Promise<Credentials> | undefined;

  constructor(origin: Origin, config: ClientConfig, clock: Clock) {
    this.#origin = origin;
    this.#config = config;
    this.#clock = clock;
  }

  async get(refused?: Credentials): Promise<Credentials> {
    const current = this.#current;
    if (current !== undefined) {
      // Many requests may have been refused at once; the first of them has renewed for all.
      if (refused !== undefined && refused !== current) return current;
      if (refused === undefined && this.#clock.monotonic() - this.#readAtMs < REFRESH_MS) return current;
    }
    this.#reading ??= this.#read(refused !== undefined).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(renew: boolean): Promise<Credentials> {
    const { source } = this.#origin;
    try {
      if (renew) await this.#reload();
      this.#current = await readCredentials(this.#config, source);
    } catch (error) {
      // A file that is being rewritten must stop nobody: what was in force most likely still is.
      if (renew || this.#current === undefined) throw error;
    }
    this.#readAtMs = this.#clock.monotonic();
    return this.#current;
  }

  /** From the files, so that nothing cached is left; a credential plug-in runs again. */
  async #reload(): Promise<void> {
    // What an OIDC provider gave in exchange for a refresh token, which it takes but once, is in memory alone.
    if (this.#config.getCurrentUser()?.authProvider?.name === 'oidc') return;
    const config = await this.#origin.read();
    endpointOf(config, this.#origin.source);
    this.#config = config;
  }
}

function isUrl(text: string, protocol: RegExp): boolean {
  return URL.canParse(text) && protocol.test(new URL(text).protocol);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
