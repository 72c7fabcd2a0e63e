/**
 * Tells which of many have to give up when a signal fires. Those of one signal share one listener: Node searches all
 * listeners of a signal to add or remove one, so one for each would cost the square of their number.
 */
export class AbortWatch<T> {
  readonly #giveUp: (member: T, reason: unknown) => void;
  readonly #groups = new Map<AbortSignal, { readonly members: Set<T>; readonly stop: () => void }>();

  constructor(giveUp: (member: T, reason: unknown) => void) {
    this.#giveUp = giveUp;
  }

  add(signal: AbortSignal, member: T): void {
    const group = this.#groups.get(signal);
    if (group !== undefined) {
      group.members.add(member);
      return;
    }
    const members = new Set([member]);
    const stop = () => {
      for (const each of members) this.#giveUp(each, signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#groups.set(signal, { members, stop });
  }

  /** Those of one signal. */
  of(signal: AbortSignal): readonly T[] {
    return [...(this.#groups.get(signal)?.members ?? [])];
  }

  delete(signal: AbortSignal, member: T): void {
    const group = this.#groups.get(signal);
    if (group === undefined || !group.members.delete(member) || group.members.size > 0) return;
    this.#groups.delete(signal);
    signal.removeEventListener('abort', group.stop);
  }
}
