import { silentLogger } from '../../../src/log.ts';
import { createRegistryClient, type RegistryClientParts } from '../../../src/registry/client.ts';
import type { RegistryObserver } from '../../../src/registry/observer.ts';
import type { HostSettings, RegistrySettings } from '../../../src/registry/settings.ts';
import type { RegistryClient, Repository } from '../../../src/registry/types.ts';
import type { FakeClock } from '../../fake/clock.ts';
import { fakeClock } from '../../fake/clock.ts';
import { type OpenLanes, openLanes } from '../../fake/lanes.ts';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from '../../fake/registry.ts';
import { registrySettings } from '../../fake/settings.ts';

/** What the client told whoever counts. */
export interface Heard extends RegistryObserver {
  readonly mismatches: string[];
  readonly untrusted: string[];
  readonly rejected: string[];
  /** Hosts that refused a credential, once for each time. */
  readonly refused: string[];
  readonly quotas: Parameters<RegistryObserver['pullQuota']>[0][];
}

export interface Bench {
  readonly registry: FakeRegistry;
  readonly client: RegistryClient;
  readonly clock: FakeClock;
  readonly lanes: OpenLanes;
  readonly heard: Heard;
  /** `team/app` at the fake registry. */
  readonly app: Repository;
}

export interface BenchOptions extends FakeRegistryOptions {
  /** Settings of the fake registry's host. */
  readonly host?: Partial<HostSettings>;
  readonly settings?: Partial<RegistrySettings>;
  readonly client?: Partial<RegistryClientParts>;
}

const closing: Array<() => Promise<void>> = [];

/** Closes later, in `afterEach(closeAll)`. */
export function closeLater<T extends { close(): Promise<void> }>(closable: T): T {
  closing.push(() => closable.close());
  return closable;
}

export async function closeAll(): Promise<void> {
  await Promise.all(closing.splice(0).map(close => close()));
}

/** A fake registry over plain http on loopback and a client that knows it, with a clock that stands still. */
export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const registry = closeLater(await startFakeRegistry(options));
  const secure = options.tls !== undefined;
  const host = { plainHttp: !secure, allowCredentialsOverHttp: true, ...options.host };
  const made = clientOf({ [registry.host]: host }, options.settings, options.client);
  return { ...made, registry, app: { host: registry.host, repository: 'team/app', insecure: false } };
}

/** A client alone. */
export function clientOf(
  hosts: Readonly<Record<string, Partial<HostSettings>>>,
  settings: Partial<RegistrySettings> = {},
  parts: Partial<RegistryClientParts> = {},
): Pick<Bench, 'client' | 'clock' | 'lanes' | 'heard'> {
  const clock = fakeClock();
  const lanes = openLanes();
  const heard = ear();
  const client = closeLater(
    createRegistryClient({
      settings: registrySettings(hosts, settings),
      lanes,
      clock,
      log: silentLogger,
      observer: heard,
      random: () => 0,
      ...parts,
    }),
  );
  return { client, clock, lanes, heard };
}

function ear(): Heard {
  const [mismatches, untrusted, rejected, refused]: [string[], string[], string[], string[]] = [[], [], [], []];
  const quotas: Heard['quotas'] = [];
  return {
    mismatches,
    untrusted,
    rejected,
    refused,
    quotas,
    request: () => {},
    digestHeaderMismatch: host => mismatches.push(host),
    realmNotTrusted: (_host, realmHost) => untrusted.push(realmHost),
    credentialsRejected: host => rejected.push(host),
    credentialRefused: host => refused.push(host),
    pullQuota: quota => quotas.push(quota),
  };
}
