import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { Agents, type Dial } from './agents.ts';
import { Asker, type Place } from './asker.ts';
import { Rejections } from './auth-rejections.ts';
import { AuthStates } from './auth-states.ts';
import { Authorization } from './authorization.ts';
import type { Call } from './call.ts';
import { Candidates } from './candidates.ts';
import { Checks } from './checks.ts';
import { ContentCache } from './content-cache.ts';
import type { Endpoint } from './endpoint.ts';
import { AddressGuard, type Lookup, systemLookup } from './guarded-lookup.ts';
import { HeadModes } from './head-modes.ts';
import type { Lanes } from './lanes.ts';
import { Manifests, type VerifiedManifest } from './manifests.ts';
import { MirroredPulls } from './mirrored-pulls.ts';
import { deafObserver, type RegistryObserver } from './observer.ts';
import { Places } from './places.ts';
import { Proofs } from './proofs.ts';
import { PullQuota } from './pull-quota.ts';
import { Redirects } from './redirects.ts';
import type { RegistrySettings } from './settings.ts';
import { listTags } from './tag-list.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from './timeouts.ts';
import { TokenRequests } from './token-requests.ts';
import { Tokens } from './tokens.ts';
import { Transport } from './transport.ts';
import type { FetchedManifest, PullSource, RegistryClient, RequestContext } from './types.ts';
import { Warnings } from './warnings.ts';
import { Wire } from './wire.ts';

export interface RegistryClientParts {
  readonly settings: RegistrySettings;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer?: RegistryObserver;
  /** Resolves names; the system's resolver when absent. What it answers is held against the address policy. */
  readonly lookup?: Lookup;
  /** Where an allowed address is dialled; itself when absent. For tests of names and ports that loopback has not. */
  readonly dial?: Dial;
  readonly timeouts?: Partial<Timeouts>;
  /** 0 to 1, for jitter; `Math.random` when absent. */
  readonly random?: () => number;
}

/** Joins the parts of the registry room into its client. */
export function createRegistryClient(parts: RegistryClientParts): RegistryClient {
  const { settings, lanes, clock, log, observer = deafObserver, random = Math.random } = parts;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...parts.timeouts };

  const guard = new AddressGuard(settings, parts.lookup ?? systemLookup, clock);
  const agents = new Agents(guard, timeouts, parts.dial);
  const transport = new Transport({ agents, lanes, clock, observer, timeouts, random });
  const wire = new Wire(settings, guard, transport);
  const places = new Places(settings, transport, clock, log);

  const rejections = new Rejections(clock, observer);
  const states = new AuthStates(clock, settings);
  const tokens = new Tokens(new TokenRequests(wire, clock, settings), rejections, clock);
  const redirects = new Redirects(wire, tokens, settings.clusterDomain);
  const { anonymousFallback } = settings;
  const authorization = new Authorization({
    states,
    tokens,
    proofs: new Proofs(tokens, rejections),
    redirects,
    observer,
    log,
    clock,
    anonymousFallback,
  });

  const quota = new PullQuota(clock, observer);
  const modes = new HeadModes(clock);
  const asker = new Asker(authorization, quota, new Warnings(clock, log), settings.userAgent);
  const contents = new ContentCache(clock);
  const manifests = new Manifests(asker, modes, observer, contents);
  const { verifyOnChange } = settings;
  const checks = new Checks({ manifests, modes, quota, clock, verifyOnChange });
  const pulls = new MirroredPulls(settings, clock);
  const candidates = new Candidates(settings, clock, log);

  /** Runs `use` at the place of a source, as whoever its keyring names. */
  const at = <T>(
    source: PullSource,
    context: RequestContext,
    use: (place: Place, call: Call) => Promise<T>,
  ): Promise<T> =>
    places.at(source, context, (endpoint, call) =>
      use(placeOf(source, endpoint, candidates.at(source, context.keyring)), call),
    );

  return {
    checkTag: async (repository, tag, recordedDigest, context) => {
      const { found, source } = await pulls.check(repository, tag, context, each =>
        at(each, context, (place, call) => checks.check(place, tag, recordedDigest, call)),
      );
      if (found === 'unchanged') return { outcome: 'unchanged', digest: recordedDigest };
      const { digest, fetched } = found;
      return { outcome: 'changed', digest, ...(fetched === undefined ? {} : { fetched: asFetched(fetched, source) }) };
    },
    getManifest: async (repository, name, context) => {
      const { found, source } = await pulls.first(repository, name, context, each =>
        at(each, context, (place, call) => {
          quota.holdBack(place, call);
          return manifests.fetch(place, name, call);
        }),
      );
      return asFetched(found, source);
    },
    getChild: async (source, digest, context) => {
      const found = await at(
        source,
        context,
        async (place, call) => manifests.kept(place, digest, call) ?? manifests.fetch(place, { digest }, call),
      );
      return asFetched(found, source);
    },
    getConfig: (source, descriptor, context) =>
      at(source, context, (place, call) => manifests.config(place, descriptor, call)),
    blobSize: (source, digest, context) =>
      at(source, context, (place, call) => manifests.blobSize(place, digest, call)),
    listTags: ({ host, repository, insecure }, context) =>
      at({ host, repository, insecure, mirror: false }, context, (place, call) => listTags(asker, place, call)),
    invalidateIdentity: fingerprint => {
      tokens.forget(fingerprint);
      rejections.forget(fingerprint);
      contents.forget(fingerprint);
    },
    close: () => agents.close(),
  };
}

function placeOf(source: PullSource, endpoint: Endpoint, candidates: Place['candidates']): Place {
  return { endpoint, repository: source.repository, candidates, proxyFor: source.proxyFor };
}

function asFetched({ bytes, digest, manifest }: VerifiedManifest, source: PullSource): FetchedManifest {
  return { bytes, digest, manifest, source };
}
