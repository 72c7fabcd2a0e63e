import { expect } from '@jest/globals';
import type { Answered, Asked } from './api.ts';
import { type Difference, differs } from './differences.ts';
import type { Stage } from './stage.ts';

/** How something is refused. */
export interface Refused {
  readonly code: number;
  readonly reason?: string;
  readonly message?: string | RegExp;
  readonly details?: object;
}

/** A request that is refused. */
export interface RefusedCase extends Refused {
  readonly name: string;
  readonly path: string | ((at: Stage) => string);
  readonly asked?: Asked;
  /** How the real one refuses it, where that is another way. */
  readonly real?: Refused;
  readonly difference?: Difference;
}

/** 400. */
export function bad(message: string | RegExp): Refused {
  return { code: 400, reason: 'BadRequest', message };
}

/** 422 of options: `kind` is `PatchOptions` or the like. */
export function invalid(kind: string, text: string): Refused {
  return { code: 422, reason: 'Invalid', message: `${kind}.meta.k8s.io "" is invalid: ${text}` };
}

export const streams = (at: Stage): string => at.streams();
export const one = (at: Stage): string => at.streams('/one');
export const query = (text: string) => (at: Stage) => at.streams(`?${text}`);
export const post = (body: unknown, type?: string): Asked => ({ method: 'POST', body, ...(type && { type }) });
export const patch = (body: unknown, type: string): Asked => ({ method: 'PATCH', body, type });

export async function expectRefused(at: Stage, refused: RefusedCase): Promise<void> {
  const { path, asked, real, difference, ...embedded } = refused;
  const answered = await at.api.ask(typeof path === 'string' ? path : path(at), asked);
  if (difference === undefined) compare(answered, embedded);
  else compare(answered, differs<Refused>(at.api, difference, { embedded, real: real ?? embedded }));
}

function compare({ code, body, text }: Answered, wanted: Refused): void {
  const { message, reason, details } = wanted;
  expect({ code, text }).toMatchObject({ code: wanted.code });
  if (reason === undefined && message === undefined) return;
  expect(body).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: wanted.code,
    ...(reason && { reason }),
    ...(details && { details }),
    ...(message !== undefined && { message: message instanceof RegExp ? expect.stringMatching(message) : message }),
  });
}
