import { describe } from '@jest/globals';
import type { Api } from './api.ts';
import { refusedRequests } from './refused-requests.ts';
import { refusedWrites } from './refused-writes.ts';
import { Stage } from './stage.ts';

/** What kubectl and the operator rely on of an API server. Each part has a namespace of its own. */
export function contract(api: () => Api): void {
  describe('a request', () => refusedRequests(new Stage(api)));
  describe('a write', () => refusedWrites(new Stage(api)));
}
