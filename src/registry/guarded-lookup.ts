import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import { addressClass, canonicalAddress, isLoopback, literalAddress } from './safety.ts';
import type { HostSettings, RegistrySettings } from './settings.ts';

/** Resolves a host name to all its addresses; fails as `dns.lookup` does. */
export type Lookup = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export const systemLookup: Lookup = hostname => dnsLookup(hostname, { all: true });

/** How far inside a request may go: public addresses always, the others as said. */
export interface Reach {
  readonly private: boolean;
  readonly loopback: boolean;
}

/** The address policy forbids where a name leads. Thrown into the connection attempt, so that nothing is sent. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'ADDRESS_REFUSED';

  constructor(hostname: string) {
    super(`no address of "${hostname}" is allowed`);
  }
}

type Depth = 'public' | 'private' | 'loopback';

/** Names whose depth is remembered, and for how long. */
const MAX_DEPTHS = 10_000;
const DEPTH_TTL_MS = 24 * 3_600_000;

/**
 * The address policy (R6.1 to R6.4): which addresses a request may be connected to, decided on the very addresses that
 * are connected to, so that a name can't lead somewhere else between the check and the connection.
 */
export class AddressGuard {
  readonly #settings: RegistrySettings;
  readonly #lookup: Lookup;
  readonly #clock: Clock;
  /** Canonical: who is refused as 10.96.0.1 must not be reached as ::ffff:10.96.0.1 (R6.2). */
  readonly #refused: ReadonlySet<string>;
  readonly #depths = new Map<string, { readonly depth: Depth; readonly atMs: number }>();

  constructor(settings: RegistrySettings, lookup: Lookup, clock: Clock) {
    this.#settings = settings;
    this.#lookup = lookup;
    this.#clock = clock;
    this.#refused = new Set(settings.refusedHosts.map(canonicalHost));
  }

  /** What a registry named by a user may lead to (R6.2, D24). */
  endpointReach(host: HostSettings): Reach {
    const { privateAddresses, loopback } = this.#settings;
    return {
      private: privateAddresses === 'allow' || (privateAddresses === 'listOnly' && host.listed),
      loopback: loopback === 'allow' || host.listed,
    };
  }

  /** What a realm or a redirect may lead to: never further inside than the registry that sends us there (R6.3). */
  secondaryReach(first: URL, endpoint: Reach): Reach {
    const depth = this.#depthOf(first.hostname);
    return {
      private: endpoint.private && depth !== 'public',
      loopback: endpoint.loopback && depth === 'loopback',
    };
  }

  /** Whether the host of a URL may be asked, as far as can be said before it is resolved (R6.4). */
  allowsHost(url: URL, reach: Reach): boolean {
    if (this.#refused.has(canonicalHost(url.hostname))) return false;
    const literal = literalAddress(url.hostname);
    return literal === undefined || this.#allows(literal, reach);
  }

  /** The addresses of a name that may be connected to. Throws `AddressRefused` when there are only others. */
  async resolve(
    hostname: string,
    reach: Reach,
  ): Promise<readonly { readonly address: string; readonly family: number }[]> {
    const found = isIP(hostname) === 0 ? await this.#lookup(hostname) : [{ address: hostname, family: isIP(hostname) }];
    const allowed = found.filter(({ address }) => this.#allows(address, reach));
    this.#remember(
      hostname,
      allowed.map(({ address }) => address),
    );
    if (allowed.length === 0 && found.length > 0) throw new AddressRefused(hostname);
    return allowed;
  }

  #allows(address: string, reach: Reach): boolean {
    if (this.#refused.has(canonicalHost(address))) return false;
    const kind = addressClass(address, this.#settings.privateCidrs);
    if (kind === 'public') return true;
    return kind === 'private' ? reach.private : reach.loopback && isLoopback(address);
  }

  #depthOf(hostname: string): Depth {
    const literal = literalAddress(hostname);
    if (literal !== undefined) return this.#depthOfAddress(literal);
    const known = this.#depths.get(bareHost(hostname));
    // However old: a connection that is kept looks nothing up.
    return known?.depth ?? 'public';
  }

  #depthOfAddress(address: string): Depth {
    const kind = addressClass(address, this.#settings.privateCidrs);
    return kind === 'local' ? 'loopback' : kind;
  }

  /**
   * Keeps the most public depth seen: a name that led inside once, to nowhere, must not open the inside to what the
   * same name serves from outside.
   */
  #remember(hostname: string, addresses: readonly string[]): void {
    const name = bareHost(hostname);
    const depths = addresses.map(address => this.#depthOfAddress(address));
    const known = this.#depths.get(name);
    const nowMs = this.#clock.now();
    if (known !== undefined && nowMs - known.atMs < DEPTH_TTL_MS) depths.push(known.depth);
    const depth = (['public', 'private', 'loopback'] as const).find(each => depths.includes(each));
    if (depth === undefined) return;
    this.#depths.delete(name);
    this.#depths.set(name, { depth, atMs: nowMs });
    if (this.#depths.size > MAX_DEPTHS) this.#depths.delete(this.#depths.keys().next().value ?? '');
  }
}

function canonicalHost(hostname: string): string {
  return canonicalAddress(bareHost(hostname));
}

/** Host name without brackets and trailing dot. */
export function bareHost(hostname: string): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}
