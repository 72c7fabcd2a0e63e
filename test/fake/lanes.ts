import { type Admission, LanePaused, type Lanes } from '../../src/registry/lanes.ts';

export interface HeardPause {
  readonly host: string;
  readonly untilMs: number;
  readonly pull?: { readonly identity: string };
}

/** Lanes that let everything through at once, except what a test pauses, and remember what they were told. */
export interface OpenLanes extends Lanes {
  readonly admissions: readonly Admission[];
  readonly pauses: readonly HeardPause[];
  readonly slowed: readonly string[];
  /** What was told of hosts, as `heard`. */
  readonly health: readonly { readonly admission: Admission; readonly failure: Error | undefined }[];
  /** From now on requests to `host` are turned away. */
  close(host: string, untilMs: number): void;
}

export function openLanes(): OpenLanes {
  const admissions: Admission[] = [];
  const pauses: HeardPause[] = [];
  const slowed: string[] = [];
  const health: { readonly admission: Admission; readonly failure: Error | undefined }[] = [];
  const closed = new Map<string, number>();
  return {
    admissions,
    pauses,
    slowed,
    health,
    close: (host, untilMs) => closed.set(host, untilMs),
    pause: (host, untilMs, pull) => pauses.push({ host, untilMs, ...(pull === undefined ? {} : { pull }) }),
    slowDown: host => slowed.push(host),
    heard: (admission, failure) => void health.push({ admission, failure }),
    run: async (admission, send) => {
      admission.signal.throwIfAborted();
      const untilMs = closed.get(admission.host);
      if (untilMs !== undefined) throw new LanePaused(admission.host, untilMs);
      admissions.push(admission);
      return send();
    },
  };
}
