import type { Counter, Gauge } from 'prom-client';
import type { Instruments } from './instruments.ts';
import type { LabelCap } from './label-cap.ts';

/** How a work queue stands, as the queue room tells it. */
export interface QueueState {
  readonly depth: number;
  readonly due: number;
  readonly processing: number;
  readonly oldestDueMs: number;
}

/** How the lane of a host stands, as the queue room tells it. */
export interface LaneState {
  readonly host: string;
  readonly inFlight: number;
  readonly waiting: number;
  /** Epoch milliseconds. */
  readonly pausedUntilMs?: number;
  readonly perSecond: number;
  readonly breaker: 'closed' | 'open' | 'halfOpen';
}

/** How the tags of one registry stand, as the controller room counts them. */
export interface RegistryTags {
  readonly registry: string;
  readonly standings: Readonly<Record<'imported' | 'failing' | 'neverWorked' | 'waiting', number>>;
  readonly scheduled: number;
  readonly late: number;
}

/** What is asked when metrics are read, and never in between. Nothing here may wait. */
export interface Gauges {
  streams(): number;
  /** Undefined in a replica that does not lead. */
  tags(): readonly RegistryTags[] | undefined;
  tagsInFlight(): number;
  streamsWaiting(): number;
  importsRunning(): number;
  /** By the queue's name. */
  queues(): Readonly<Record<string, QueueState>>;
  lanes(): readonly LaneState[];
  /** Undefined when no Image objects are kept. */
  images(): { readonly count: number; readonly bytes: number } | undefined;
  leader(): boolean;
  synced(): boolean;
  /** Whether the registries file, as it stands, is in force. */
  registriesFileValid(): boolean;
  /** How long the event loop has been at work since the process began. */
  loopBusyMs(): number;
}

interface Reading {
  readonly instruments: Instruments;
  readonly registries: LabelCap;
  readonly hosts: LabelCap;
  readonly nowMs: number;
}

/** Sets the gauges to what is so now. What cannot be told is left out; the rest still is. */
export function readGauges(gauges: Partial<Gauges>, reading: Reading): void {
  const { instruments, registries, hosts, nowMs } = reading;
  set(instruments.streams, gauges.streams);
  setTags(instruments, answer(gauges.tags) ?? [], registries);
  set(instruments.tagsInFlight, gauges.tagsInFlight);
  set(instruments.streamsWaiting, gauges.streamsWaiting);
  set(instruments.importsRunning, gauges.importsRunning);
  set(instruments.leader, gauges.leader);
  set(instruments.synced, gauges.synced);
  set(instruments.registriesFileValid, gauges.registriesFileValid);
  setCounter(instruments.eventLoopBusySeconds, seconds(answer(gauges.loopBusyMs)));
  const images = answer(gauges.images);
  set(instruments.images, () => images?.count);
  set(instruments.imagesBytes, () => images?.bytes);
  setQueues(instruments, answer(gauges.queues) ?? {});
  setLanes(instruments, answer(gauges.lanes) ?? [], hosts, nowMs);
}

/** A part that cannot say how it stands must not hide all others. */
function answer<T>(ask: (() => T) | undefined): T | undefined {
  try {
    return ask?.();
  } catch {
    return undefined;
  }
}

function set(gauge: Gauge<never>, ask: (() => number | boolean | undefined) | undefined): void {
  const value = answer(ask);
  // Not reset(): it would say 0, which is not what we know.
  if (value === undefined) gauge.remove();
  else gauge.set(Number(value));
}

/** Sets what others have counted. */
function setCounter(counter: Counter<never>, value: number | undefined): void {
  if (value === undefined) return;
  counter.reset();
  counter.inc(value);
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function setTags(instruments: Instruments, counted: readonly RegistryTags[], registries: LabelCap): void {
  const { tags, tagsScheduled, tagsLate } = instruments;
  // Registries come and go. Those that share a label are counted together.
  for (const gauge of [tags, tagsScheduled, tagsLate]) gauge.reset();
  for (const { registry: name, standings, scheduled, late } of counted) {
    const registry = registries.of(name);
    for (const [state, count] of Object.entries(standings)) tags.inc({ registry, state }, count);
    tagsScheduled.inc({ registry }, scheduled);
    tagsLate.inc({ registry }, late);
  }
}

function setQueues(instruments: Instruments, queues: Readonly<Record<string, QueueState>>): void {
  for (const [queue, { depth, due, processing, oldestDueMs }] of Object.entries(queues)) {
    instruments.queueDepth.set({ queue }, depth);
    instruments.queueDue.set({ queue }, due);
    instruments.queueProcessing.set({ queue }, processing);
    instruments.queueOldestDueSeconds.set({ queue }, oldestDueMs / 1000);
  }
}

function setLanes(instruments: Instruments, lanes: readonly LaneState[], hosts: LabelCap, nowMs: number): void {
  const { laneInFlight, laneWaiting, lanePausedSeconds, laneBreakerOpen, laneRequestsPerSecond } = instruments;
  // Lanes come and go. Those that share a label are counted together.
  for (const gauge of [laneInFlight, laneWaiting, lanePausedSeconds, laneBreakerOpen, laneRequestsPerSecond]) {
    gauge.reset();
  }
  for (const lane of lanes) {
    const host = hosts.of(lane.host);
    laneInFlight.inc({ host }, lane.inFlight);
    laneWaiting.inc({ host }, lane.waiting);
    lanePausedSeconds.inc({ host }, Math.max(0, (lane.pausedUntilMs ?? nowMs) - nowMs) / 1000);
    laneBreakerOpen.inc({ host }, lane.breaker === 'closed' ? 0 : 1);
    laneRequestsPerSecond.inc({ host }, lane.perSecond);
  }
}
