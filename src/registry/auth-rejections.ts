import type { Clock } from '../clock.ts';
import type { RegistryErrorInit } from './errors.ts';
import { Recent } from './recent.ts';

/** What was said when a credential was refused, kept to be said again without asking. */
export type Refusal = Pick<RegistryErrorInit, 'kind' | 'reason' | 'from' | 'status' | 'errors' | 'detail'>;

export interface Rejection {
  readonly refusal: Refusal;
  /** Epoch ms from which the credential may be tried again. */
  readonly untilMs: number;
}

const FIRST_MS = 10 * 60_000;
const LONGEST_MS = 6 * 3_600_000;
const WINDOW_MS = 3 * 60_000;
const MAX_IN_WINDOW = 10;
const MAX_REMEMBERED = 10_000;

/**
 * Keeps rejected credentials from being sent again and again (R3.21): each for 10 minutes, doubling to 6 hours, and all
 * together at most 10 times in 3 minutes per host, because some registries ban an address that fails more often.
 */
export class Rejections {
  readonly #clock: Clock;
  readonly #rejected: Recent<Rejection & { readonly delayMs: number }>;
  readonly #proven: Recent<true>;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#rejected = new Recent(clock, MAX_REMEMBERED);
    this.#proven = new Recent(clock, MAX_REMEMBERED);
  }

  /** The standing rejection of a credential at a host, or at all hosts where too many were rejected lately. */
  standing(host: string, fingerprint: string): Rejection | undefined {
    const known = this.#rejected.get(keyOf(host, fingerprint));
    return known !== undefined && known.untilMs > this.#clock.now() ? known : undefined;
  }

  /**
   * Waits until one more try of an unproven credential can't exceed what the host bears; then `settle` must be called
   * with what came of it. Answers the rejection when the host has had enough.
   */
  async admit(host: string, fingerprint: string, signal: AbortSignal): Promise<Trial | Rejection> {
    const key = keyOf(host, fingerprint);
    if (this.#proven.get(key) !== undefined) return { settle: outcome => this.#settle(host, fingerprint, outcome) };
    const window = this.#window(host);
    for (;;) {
      signal.throwIfAborted();
      const standing = this.standing(host, fingerprint);
      if (standing !== undefined) return standing;
      const nowMs = this.#clock.now();
      window.rejectedAtMs = window.rejectedAtMs.filter(atMs => nowMs - atMs < WINDOW_MS);
      const [oldest] = window.rejectedAtMs;
      if (oldest !== undefined && window.rejectedAtMs.length >= MAX_IN_WINDOW) {
        return { refusal: TOO_MANY, untilMs: oldest + WINDOW_MS };
      }
      if (window.rejectedAtMs.length + window.trying.size < MAX_IN_WINDOW) break;
      await Promise.race(window.trying);
    }
    let end = (): void => {};
    const trying = new Promise<void>(resolve => {
      end = resolve;
    });
    window.trying.add(trying);
    return {
      settle: outcome => {
        window.trying.delete(trying);
        this.#settle(host, fingerprint, outcome);
        end();
      },
    };
  }

  forget(fingerprint: string): void {
    const belongs = (key: string): boolean => key.endsWith(` ${fingerprint}`);
    this.#rejected.deleteWhere(belongs);
    this.#proven.deleteWhere(belongs);
  }

  #settle(host: string, fingerprint: string, outcome: TrialOutcome): void {
    const key = keyOf(host, fingerprint);
    if (outcome === 'unknown') return;
    if (outcome === 'accepted') {
      this.#rejected.delete(key);
      this.#proven.set(key, true, this.#clock.now() + LONGEST_MS);
      return;
    }
    const nowMs = this.#clock.now();
    const delayMs = Math.min((this.#rejected.get(key)?.delayMs ?? FIRST_MS / 2) * 2, LONGEST_MS);
    this.#proven.delete(key);
    // Kept beyond its time, so that the next rejection doubles it.
    this.#rejected.set(key, { refusal: outcome, untilMs: nowMs + delayMs, delayMs }, nowMs + delayMs + LONGEST_MS);
    this.#window(host).rejectedAtMs.push(nowMs);
  }

  #window(host: string): Window {
    const known = this.#windows.get(host);
    if (known !== undefined) return known;
    this.#dropIdleWindows();
    const window = { rejectedAtMs: [], trying: new Set<Promise<void>>() };
    this.#windows.set(host, window);
    return window;
  }

  /** Tenants name hosts, so there may be any number of them. */
  #dropIdleWindows(): void {
    if (this.#windows.size < MAX_REMEMBERED) return;
    const nowMs = this.#clock.now();
    for (const [host, { rejectedAtMs, trying }] of this.#windows) {
      if (trying.size === 0 && rejectedAtMs.every(atMs => nowMs - atMs >= WINDOW_MS)) this.#windows.delete(host);
    }
  }
}

export interface Trial {
  /** A refusal says that it was rejected; `unknown` that something else went wrong. */
  settle(outcome: TrialOutcome): void;
}

export type TrialOutcome = 'accepted' | 'unknown' | Refusal;

interface Window {
  rejectedAtMs: number[];
  readonly trying: Set<Promise<void>>;
}

const TOO_MANY: Refusal = {
  kind: 'unauthorized',
  reason: 'rejected',
  detail: 'too many credentials were rejected lately',
};

function keyOf(host: string, fingerprint: string): string {
  return `${host} ${fingerprint}`;
}
