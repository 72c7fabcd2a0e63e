import type { ImageStream, Source, SpecTag, TagHistory } from '../api/image-stream.ts';
import { REQUESTED_AT_ANNOTATION } from '../api/names.ts';
import { hasFailed } from './conditions.ts';
import { type IntervalDefaults, intervalOf } from './interval.ts';
import { slotsOfPullSpec } from './pull-spec-slots.ts';
import { requestOf, type TagRequest } from './request.ts';
import type { Slots } from './slot.ts';
import {
  isByDigest,
  isImportable,
  isUnsupported,
  onlyPlatformDiffers,
  type Platform,
  sameRequest,
  withoutDigest,
} from './source.ts';
import { historyFinder } from './tag-state.ts';

/** Why a tag is imported now (design D5); the list is closed, and its order is that of importance. */
export type DueReason = 'neverImported' | 'specChanged' | 'requested' | 'secretsChanged' | 'retry' | 'scheduled';

/** The higher goes first: user edits before start-up work before scheduled work (design D22). */
export const PRIORITY = { userEdit: 20, startUp: 10, scheduled: 0 } as const;

/** What only memory knows of a tag. All of it may be lost at any time. */
export interface TagMemory {
  /** Epoch ms of the last check that came back, whatever its outcome. */
  readonly lastCheckedMs?: number;
  /** Epoch ms from which a failed tag may be tried again; unknown means at its slot (design D23). */
  readonly retryAtMs?: number;
  /** Epoch ms before which the tag is not due at all: its stream could not be stored (design D7). */
  readonly holdUntilMs?: number;
  /** Value of the annotation `requested-at` that the tag was last checked for. */
  readonly answeredRequest?: string;
  /** The credentials it could use have changed since its last check. */
  readonly secretsChanged?: boolean;
}

export interface PlanOptions extends IntervalDefaults {
  /** For lists of manifests, where a tag names none (design D9). */
  readonly platform: Platform;
  /** Epoch ms at which this process took over: slots before it are start-up work. */
  readonly startedAtMs: number;
  /** Epoch ms from which slots may have been missed by whoever worked before; `startedAtMs` unless told. */
  readonly sinceMs?: number;
}

export interface PlanInput {
  readonly stream: ImageStream;
  /** What is being asked right now, by tag. */
  readonly inFlight: ReadonlyMap<string, Source>;
  readonly memory: ReadonlyMap<string, TagMemory>;
  readonly nowMs: number;
  readonly options: PlanOptions;
  /** Whether the Image object of this name is gone (design D11); absent where none are kept. */
  readonly isImageMissing?: ((image: string) => boolean) | undefined;
}

export interface DueTag {
  readonly tag: string;
  readonly reason: DueReason;
  readonly priority: number;
  readonly request: TagRequest;
  /** Epoch ms of the slot of a scheduled check. */
  readonly slotMs?: number | undefined;
  /** The image must be fetched even when it is the one the tag has: its Image object is gone. */
  readonly refetch?: boolean | undefined;
  /** Epoch ms of the last check that came back: an older answer would be none. */
  readonly checkedAtMs?: number | undefined;
  /** Value of `requested-at` that this import answers; to be remembered as `answeredRequest` once it is back. */
  readonly requestedAt?: string | undefined;
}

export interface ImportPlan {
  readonly due: readonly DueTag[];
  /**
   * Epoch ms of the next time at which a tag may become due with nobody changing anything; of one that is being asked
   * for, too, so that a check that finds nothing new needs no look at its stream.
   */
  readonly nextCheckAtMs?: number | undefined;
  /** Tags that ask for something nobody does yet (design D13): `applyResults` says so in their conditions. */
  readonly unsupported: readonly string[];
  /** Value of `requested-at` that every tag has answered and that the status does not echo yet. */
  readonly answeredRequest?: string | undefined;
}

/** Says which tags of a stream must be imported now and why, and when to look again (design D5, D22, D23). */
export function planImports(input: PlanInput): ImportPlan {
  const historyOf = historyFinder(input.stream);
  const pending = pendingRequest(input.stream);
  const due: DueTag[] = [];
  const unsupported: string[] = [];
  let nextCheckAtMs = Number.POSITIVE_INFINITY;
  let isAnswered = pending !== undefined;
  let place = 0;
  for (const tag of input.stream.spec?.tags ?? []) {
    const history = historyOf(tag.name, place);
    place += 1;
    if (isUnsupported(tag)) unsupported.push(tag.name);
    if (!isImportable(tag)) continue;
    const facts = gather(input, tag, history, pending);
    const reason = dueReason(facts);
    if (reason !== undefined) due.push(dueTag(facts, reason));
    const atMs = reason === undefined ? nextCheckMs(facts) : nextScheduledMs(facts);
    if (atMs !== undefined) nextCheckAtMs = Math.min(nextCheckAtMs, atMs);
    if (facts.memory.answeredRequest !== pending) isAnswered = false;
  }
  return {
    due,
    nextCheckAtMs: nextCheckAtMs === Number.POSITIVE_INFINITY ? undefined : nextCheckAtMs,
    unsupported,
    answeredRequest: isAnswered ? pending : undefined,
  };
}

/** Epoch ms of the first slot that any scheduled tag of a stream has from now on. */
export function nextSlotMs(stream: ImageStream, nowMs: number, defaults: IntervalDefaults): number | undefined {
  const slots = (stream.spec?.tags ?? []).flatMap(tag => {
    const from = tag.from?.name ?? '';
    if (!isImportable(tag) || !isRescheduled(tag, from)) return [];
    return slotsOfPullSpec(from, nowMs, intervalOf(stream, tag, defaults))?.nextMs ?? [];
  });
  return slots.length === 0 ? undefined : Math.min(...slots);
}

/** All that the decision about one tag rests on. */
interface TagFacts {
  readonly request: TagRequest;
  readonly history: TagHistory | undefined;
  readonly flying: Source | undefined;
  readonly memory: TagMemory;
  readonly pendingRequest: string | undefined;
  /** The last import of the tag failed. */
  readonly failed: boolean;
  /**
   * The tag's time slots; absent for a tag that waits for none, and when its pull spec cannot be asked for, which only
   * an edit can heal.
   */
  readonly slots: Slots | undefined;
  readonly scheduled: boolean;
  /** The Image object of the head is gone. */
  readonly isImageMissing: boolean;
  /** Slots up to this moment are done with. */
  readonly doneUntilMs: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly intervalMs: number;
}

/** A NotFound that does not count yet holds its tag for so long (registry-client R8.3). */
const LONGEST_DOUBT_MS = 60_000;
/** Clocks that are kept right are moved by less. */
const JUMP_MS = 5_000;
const NOTHING: TagMemory = {};

function gather(
  input: PlanInput,
  tag: SpecTag,
  history: TagHistory | undefined,
  pendingRequest: string | undefined,
): TagFacts {
  const { stream, inFlight, memory, nowMs, options } = input;
  const request = requestOf(tag, history, options.platform);
  const remembered = believed(memory.get(tag.name) ?? NOTHING, nowMs);
  const intervalMs = intervalOf(stream, tag, options);
  const scheduled = isRescheduled(tag, request.from);
  const failed = hasFailed(history?.conditions);
  const doneUntilMs = remembered.lastCheckedMs ?? options.sinceMs ?? options.startedAtMs;
  return {
    request,
    history,
    flying: inFlight.get(tag.name),
    memory: remembered,
    pendingRequest,
    failed,
    slots: scheduled || failed ? slotsOfPullSpec(request.from, nowMs, intervalMs) : undefined,
    scheduled,
    isImageMissing: isHeadMissing(input, history),
    // A time this far ahead was taken before the clock was set back; believing it would stall the tag.
    doneUntilMs: doneUntilMs > nowMs + intervalMs ? Number.NEGATIVE_INFINITY : doneUntilMs,
    startedAtMs: options.startedAtMs,
    nowMs,
    intervalMs,
  };
}

/** A retry belongs to the check before it; when that lies ahead of us, the clock was set back since. */
function believed(memory: TagMemory, nowMs: number): TagMemory {
  if (memory.retryAtMs === undefined || (memory.lastCheckedMs ?? nowMs) - nowMs < JUMP_MS) return memory;
  const { retryAtMs: _before, ...rest } = memory;
  return rest;
}

/** What a digest names never moves: once imported, it is done (controllers 2.2). */
function isRescheduled(tag: SpecTag, from: string): boolean {
  return tag.importPolicy?.scheduled === true && !isByDigest(from);
}

function dueReason(facts: TagFacts): DueReason | undefined {
  const { request, history, flying, memory, pendingRequest, slots, nowMs } = facts;
  if (flying !== undefined && sameRequest(flying, request.asked)) return undefined;
  if (isHeld(facts)) return undefined;
  if (history === undefined) return 'neverImported';
  if (history.source === undefined || !sameRequest(request.asked, history.source)) return 'specChanged';
  if (pendingRequest !== undefined && memory.answeredRequest !== pendingRequest) return 'requested';
  if (memory.secretsChanged === true) return 'secretsChanged';
  if (facts.isImageMissing && !facts.failed) return 'retry';
  const slotPassed = slots !== undefined && slots.previousMs > facts.doneUntilMs;
  if (facts.failed) {
    const mayRetry = memory.retryAtMs === undefined ? slotPassed : nowMs >= memory.retryAtMs;
    return mayRetry ? 'retry' : undefined;
  }
  return facts.scheduled && slotPassed ? 'scheduled' : undefined;
}

/** When a tag that is not due now may become due by itself. */
function nextCheckMs(facts: TagFacts): number | undefined {
  if (isHeld(facts)) return facts.memory.holdUntilMs;
  if (facts.flying !== undefined) return nextScheduledMs(facts);
  if (facts.failed) return facts.memory.retryAtMs ?? facts.slots?.nextMs;
  return nextScheduledMs(facts);
}

function nextScheduledMs({ scheduled, slots }: TagFacts): number | undefined {
  return scheduled ? slots?.nextMs : undefined;
}

/** A hold that ends later than any is made for was made before the clock was set back. */
function isHeld({ memory: { holdUntilMs }, nowMs, intervalMs }: TagFacts): boolean {
  if (holdUntilMs === undefined) return false;
  return nowMs < holdUntilMs && holdUntilMs - nowMs <= Math.max(intervalMs, LONGEST_DOUBT_MS);
}

function dueTag(facts: TagFacts, reason: DueReason): DueTag {
  const { request, isImageMissing } = facts;
  return {
    tag: request.tag,
    reason,
    priority: priorityOf(facts, reason),
    request: isImageMissing ? withoutKnowledge(request) : request,
    slotMs: reason === 'scheduled' ? facts.slots?.previousMs : undefined,
    refetch: isImageMissing ? true : undefined,
    checkedAtMs: facts.memory.lastCheckedMs,
    requestedAt: facts.pendingRequest,
  };
}

/** A reference alone has no Image. */
function isHeadMissing({ isImageMissing }: PlanInput, history: TagHistory | undefined): boolean {
  const image = history?.items?.[0]?.image ?? '';
  return image !== '' && isImageMissing?.(image) === true;
}

/** With no digest to compare with, the content is fetched (registry-client R0.9). */
function withoutKnowledge({ recorded, ...request }: TagRequest): TagRequest {
  return recorded === undefined ? request : { ...request, recorded: withoutDigest(recorded) };
}

function priorityOf({ request, history, slots, startedAtMs, memory }: TagFacts, reason: DueReason): number {
  if (reason === 'specChanged' && history?.source !== undefined) {
    // The operator's own option: no user waits for it.
    return onlyPlatformDiffers(request.asked, history.source) ? PRIORITY.startUp : PRIORITY.userEdit;
  }
  if (reason !== 'retry' && reason !== 'scheduled') return PRIORITY.userEdit;
  const isMissed = slots !== undefined && slots.previousMs <= startedAtMs;
  return isMissed && memory.retryAtMs === undefined ? PRIORITY.startUp : PRIORITY.scheduled;
}

function pendingRequest(stream: ImageStream): string | undefined {
  const value = stream.metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? '';
  return value === '' || value === stream.status?.lastHandledRequest ? undefined : value;
}
