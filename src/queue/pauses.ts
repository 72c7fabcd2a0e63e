/** Until when a host wants to be left in peace: altogether, or by manifest GETs of one identity (R4.8, R4.9). */
export class Pauses {
  #untilMs = Number.NEGATIVE_INFINITY;
  readonly #pullUntilMs = new Map<string, number>();

  /** End of the pause of the whole host; in the past when there is none. Monotonic milliseconds, as all times here. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** End of the pull pause of an identity; in the past when there is none. */
  pullUntilMs(identity: string | undefined): number {
    const endMs = identity === undefined ? undefined : this.#pullUntilMs.get(identity);
    return endMs ?? Number.NEGATIVE_INFINITY;
  }

  /** The later of two pauses counts. */
  extend(endMs: number, pullIdentity: string | undefined): void {
    if (pullIdentity === undefined) this.#untilMs = Math.max(this.#untilMs, endMs);
    else this.#pullUntilMs.set(pullIdentity, Math.max(this.pullUntilMs(pullIdentity), endMs));
  }

  /** Whether any of them lasts. */
  lastsAt(nowMs: number): boolean {
    this.forgetPast(nowMs);
    return nowMs < this.#untilMs || this.#pullUntilMs.size > 0;
  }

  forgetPast(nowMs: number): void {
    for (const [identity, endMs] of this.#pullUntilMs) {
      if (endMs <= nowMs) this.#pullUntilMs.delete(identity);
    }
  }
}
