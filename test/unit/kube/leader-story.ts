import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../src/clock.ts';
import { createLeaderElection, type ElectionEnd, type LeaderElection } from '../../../src/kube/leader-election.ts';
import type { Term } from '../../../src/kube/leader-term.ts';
import type { Lease } from '../../../src/kube/lease.ts';
import { LEASES, type ObjectPath } from '../../../src/kube/resource.ts';
import type { Logger } from '../../../src/log.ts';
import type { FakeClock } from '../../fake/clock.ts';
import { type FakeObjects, fakeKubeClient, type Weather } from '../../fake/kube-client.ts';

export const LEASE: ObjectPath = { resource: LEASES, namespace: 'operators', name: 'imagestream-operator' };

export function leaseOf(objects: FakeObjects): Lease | undefined {
  return objects.get<Lease>(LEASE);
}

/** A process that wants to lead. */
export interface Candidate {
  readonly election: LeaderElection;
  readonly terms: readonly Term[];
  /** The term in which it may write; undefined when it may not. */
  readonly term: Term | undefined;
  /** Undefined while it runs. */
  readonly end: ElectionEnd | undefined;
  readonly lines: readonly string[];
  /** What becomes of its requests from now on. */
  weather: (ask: string) => Weather;
  /** Asks it to stop; its work ends when `finish` is called, at once unless it is to `linger`. */
  stop(): void;
  finish(): void;
}

export interface CandidateOptions {
  readonly identity: string;
  readonly objects: FakeObjects;
  readonly clock: FakeClock;
  readonly random?: () => number;
  /** Goes on working after it was told to end. */
  readonly linger?: boolean;
  /** Its own reading of the wall clock. */
  readonly now?: () => number;
  readonly weather?: () => Weather;
  /** By how much a timer is late, milliseconds. */
  readonly lateMs?: () => number;
}

/** Runs until it is stopped or loses the lease. */
export function candidate(options: CandidateOptions): Candidate {
  const { identity, objects, clock, random = () => 0, linger = false } = options;
  const lines: string[] = [];
  const terms: Term[] = [];
  const stop = new AbortController();
  const finished = Promise.withResolvers<void>();
  const own: Clock = {
    now: options.now ?? (() => clock.now()),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms + (options.lateMs?.() ?? 0), signal),
    timer: (ms, ring) => clock.timer(ms + (options.lateMs?.() ?? 0), ring),
  };
  let term: Term | undefined;
  let end: ElectionEnd | undefined;
  const me: Candidate = {
    election: createLeaderElection({
      client: fakeKubeClient(objects, clock, ask => me.weather(ask)),
      namespace: 'operators',
      name: 'imagestream-operator',
      identity,
      clock: own,
      random,
      log: memoryLog(lines),
    }),
    terms,
    get term() {
      return term;
    },
    get end() {
      return end;
    },
    lines,
    weather: options.weather ?? (() => ({})),
    stop: () => stop.abort(),
    finish: () => finished.resolve(),
  };
  const lead = async (mine: Term) => {
    terms.push(mine);
    term = mine;
    mine.lost.addEventListener('abort', () => {
      term = undefined;
    });
    await new Promise(resolve => mine.ending.addEventListener('abort', resolve, { once: true }));
    if (linger) await finished.promise;
    term = undefined;
  };
  void me.election.run(stop.signal, lead).then(how => {
    end = how;
  });
  return me;
}

/** Lets what is ready happen, without time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

/** Lets time pass in steps. */
export async function pass(clock: FakeClock, ms: number, look: () => void = () => {}): Promise<void> {
  await settle();
  for (let passed = 0; passed < ms; passed += 250) {
    await clock.advance(250);
    look();
  }
  await settle();
}

function memoryLog(lines: string[]): Logger {
  const line = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
