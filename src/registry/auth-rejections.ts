import type { Clock } from '../clock.ts';
import { Denials } from './denials.ts';
import type { Endpoint } from './endpoint.ts';
import type { RegistryErrorInit } from './errors.ts';
import { unlessAborted } from './flights.ts';
import { deafObserver, type RegistryObserver } from './observer.ts';
import { Recent } from './recent.ts';
import { LONGEST_REST_MS, nextRestMs } from './rests.ts';

/** What was said when a credential was refused, kept to be said again without asking. */
export type Refusal = Pick<RegistryErrorInit, 'kind' | 'reason' | 'from' | 'status' | 'errors' | 'detail'>;

export interface Rejection {
  readonly refusal: Refusal;
  /** Epoch ms from which the credential may be tried again. */
  readonly untilMs: number;
}

/** A credential on its way to somebody who may refuse it. */
export interface Showing {
  /** Who judges it (`siteOf`). */
  readonly site: string;
  /** The same, as it is told. */
  readonly host: string;
  readonly fingerprint: string;
  /** What it is shown for: a repository, or the scopes of a token. */
  readonly errand: string;
}

export interface Trial {
  /** A refusal says that it was rejected; `unknown` that something else went wrong. */
  settle(outcome: TrialOutcome): void;
}

export type TrialOutcome = 'accepted' | 'unknown' | Refusal;

const WINDOW_MS = 3 * 60_000;
const MAX_IN_WINDOW = 10;
const MAX_REMEMBERED = 10_000;

/**
 * Keeps rejected credentials from being sent again and again (R3.21): each for 10 minutes, doubling to 6 hours, and all
 * together at most 10 times in 3 minutes per host, because some registries ban an address that fails more often.
 *
 *   accepted at the host before? | rejected with | that keeps it from
 *   no                           | 401           | the host: it is wrong or expired
 *   no                           | 403           | that errand alone: whoever forbids may well know it
 *   yes                          | either        | that errand alone: it is good, and not meant for this repository
 */
export class Rejections {
  /** What registries refuse to whom they know. */
  readonly denials: Denials;
  readonly #clock: Clock;
  readonly #observer: Pick<RegistryObserver, 'credentialRefused'>;
  readonly #rejected: Recent<Rejection & { readonly delayMs: number }>;
  readonly #accepted: Recent<true>;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, observer: Pick<RegistryObserver, 'credentialRefused'> = deafObserver) {
    this.#observer = observer;
    this.denials = new Denials(clock, MAX_REMEMBERED);
    this.#clock = clock;
    this.#rejected = new Recent(clock, MAX_REMEMBERED);
    this.#accepted = new Recent(clock, MAX_REMEMBERED);
  }

  /**
   * Waits until one more try can't exceed what the host bears; then `settle` must be called with what came of it.
   * Answers the rejection when the credential rests or the host has had enough.
   */
  async admit(showing: Showing, signal: AbortSignal): Promise<Trial | Rejection> {
    const window = this.#window(showing.site);
    for (let waited = false; ; waited = true) {
      signal.throwIfAborted();
      const standing = this.#standing(showing);
      if (standing !== undefined) return standing;
      this.#dropOld(window);
      if (this.#isKnownGood(showing, window)) return { settle: outcome => this.#settle(showing, outcome) };
      const { rejected, trying } = window;
      const [oldest] = rejected;
      if (oldest !== undefined && rejected.length >= MAX_IN_WINDOW) {
        return { refusal: TOO_MANY, untilMs: oldest.atMs + WINDOW_MS };
      }
      const own = waited ? [] : this.#unprovenTrials(showing, window);
      if (own.length === 0 && rejected.length + trying.size < MAX_IN_WINDOW) break;
      await unlessAborted(Promise.race(own.length > 0 ? own : [...trying].map(({ ended }) => ended)), signal);
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const trying = { fingerprint: showing.fingerprint, ended };
    window.trying.add(trying);
    return {
      settle: outcome => {
        window.trying.delete(trying);
        this.#settle(showing, outcome);
        end();
      },
    };
  }

  forget(fingerprint: string): void {
    const belongs = (key: string): boolean => key.startsWith(`${fingerprint}\n`);
    this.#rejected.deleteWhere(belongs);
    this.#accepted.deleteWhere(belongs);
    this.denials.forget(fingerprint);
  }

  #standing(showing: Showing): Rejection | undefined {
    const nowMs = this.#clock.now();
    return [errandKey(showing), siteKey(showing)]
      .map(key => this.#rejected.get(key))
      .find(known => known !== undefined && known.untilMs > nowMs);
  }

  /** It did this errand before, and has not been withdrawn since: it need not wait for the doubtful ones. */
  #isKnownGood(showing: Showing, { rejected }: Window): boolean {
    return (
      this.#accepted.get(errandKey(showing)) !== undefined &&
      !rejected.some(({ withdrawn }) => withdrawn === showing.fingerprint)
    );
  }

  /** Where nothing is known of a credential the first try tells, so that a bad one is not sent for ten errands at once. */
  #unprovenTrials(showing: Showing, { trying }: Window): readonly Promise<void>[] {
    if (this.#accepted.get(siteKey(showing)) !== undefined) return [];
    return [...trying].filter(({ fingerprint }) => fingerprint === showing.fingerprint).map(({ ended }) => ended);
  }

  #settle(showing: Showing, outcome: TrialOutcome): void {
    if (outcome === 'unknown') return;
    const [site, errand] = [siteKey(showing), errandKey(showing)];
    const nowMs = this.#clock.now();
    if (outcome === 'accepted') {
      for (const key of [site, errand]) {
        this.#rejected.delete(key);
        this.#accepted.set(key, true, nowMs + LONGEST_REST_MS);
      }
      return;
    }
    const key = this.#accepted.get(site) === undefined && outcome.status !== 403 ? site : errand;
    const withdrawn = this.#accepted.get(errand) === undefined ? undefined : showing.fingerprint;
    this.#accepted.delete(errand);
    this.#rejected.set(key, ...restOf(outcome, this.#rejected.get(key), nowMs));
    this.#window(showing.site).rejected.push({ atMs: nowMs, withdrawn });
    this.#observer.credentialRefused(showing.host);
  }

  #window(site: string): Window {
    const known = this.#windows.get(site);
    if (known !== undefined) return known;
    this.#dropIdleWindows();
    const window: Window = { rejected: [], trying: new Set() };
    this.#windows.set(site, window);
    return window;
  }

  #dropOld(window: Window): void {
    const nowMs = this.#clock.now();
    window.rejected = window.rejected.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
  }

  /** Tenants name hosts, so there may be any number of them. */
  #dropIdleWindows(): void {
    if (this.#windows.size < MAX_REMEMBERED) return;
    for (const [site, window] of this.#windows) {
      this.#dropOld(window);
      if (window.trying.size === 0 && window.rejected.length === 0) this.#windows.delete(site);
    }
  }
}

interface Window {
  /** `withdrawn` is a credential that had done the same errand before. */
  rejected: { readonly atMs: number; readonly withdrawn: string | undefined }[];
  readonly trying: Set<{ readonly fingerprint: string; readonly ended: Promise<void> }>;
}

const TOO_MANY: Refusal = {
  kind: 'unauthorized',
  reason: 'rejected',
  detail: 'too many credentials were rejected lately',
};

/**
 * A host as far as what it says can be believed: what was heard without verification may come from anybody, and must
 * not keep a credential from the host itself.
 */
export function siteOf({ host }: URL, { verify }: Endpoint): string {
  return `${host} ${verify ? 'verified' : 'unverified'}`;
}

/** The rest that follows a rejection, and until when it is remembered. */
function restOf(
  refusal: Refusal,
  before: (Rejection & { readonly delayMs: number }) | undefined,
  nowMs: number,
): [Rejection & { readonly delayMs: number }, number] {
  // Several tries that were under way together are one: only a try after the rest doubles it.
  if (before !== undefined && before.untilMs > nowMs) return [before, before.untilMs + LONGEST_REST_MS];
  const delayMs = nextRestMs(before?.delayMs);
  // Kept beyond its time, so that the next rejection doubles it.
  return [{ refusal, untilMs: nowMs + delayMs, delayMs }, nowMs + delayMs + LONGEST_REST_MS];
}

function siteKey({ fingerprint, site }: Showing): string {
  return `${fingerprint}\n${site}`;
}

function errandKey(showing: Showing): string {
  return `${siteKey(showing)}\n${showing.errand}`;
}
