import { describe, expect, test } from '@jest/globals';
import type { Any } from './api.ts';
import { MERGE_PATCH, type Stage } from './stage.ts';

const SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** What deletions do, and what a lease relies on. */
export function deletions(at: Stage): void {
  let count = 0;
  /** A name that no other test has. */
  const fresh = () => `d${++count}`;
  const get = (name: string) => at.ok('GET', at.streams(`/${name}`));

  describe('a deletion', () => {
    test('tells what has gone', async () => {
      const { metadata } = await at.createStream(fresh());
      const body = await at.ok('DELETE', at.streams(`/${metadata.name}`));
      const { name, uid } = metadata;
      expect(body).toMatchObject({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Success',
        details: { name, group: 'image.openshift.io', kind: 'imagestreams', uid },
      });
      expect((await at.api.ask(at.streams(`/${name}`))).code).toBe(404);
    });

    test('takes the conditions that are met', async () => {
      const { metadata } = await at.createStream(fresh());
      const { uid, resourceVersion } = metadata;
      await at.ok('DELETE', at.streams(`/${metadata.name}`), { preconditions: { uid, resourceVersion } });
    });

    test('that only tries deletes nothing', async () => {
      const { metadata } = await at.createStream(fresh());
      await at.ok('DELETE', at.streams(`/${metadata.name}?dryRun=All`));
      expect((await get(metadata.name)).metadata.uid).toBe(metadata.uid);
    });

    test('waits for finalizers, and shows the object meanwhile', async () => {
      const { metadata } = await at.createStream(fresh(), { metadata: { finalizers: ['example.com/wait'] } });
      const path = at.streams(`/${metadata.name}`);
      const body = await at.ok('DELETE', path);
      expect(body).toMatchObject({
        kind: 'ImageStream',
        metadata: { uid: metadata.uid, deletionTimestamp: expect.stringMatching(SECOND) },
      });
      expect((await get(metadata.name)).metadata.deletionTimestamp).toBe(body.metadata.deletionTimestamp);
      await at.patch(path, MERGE_PATCH, { metadata: { finalizers: null } });
      expect((await at.api.ask(path)).code).toBe(404);
    });

    test('of a selection takes the conditions of the client for each', async () => {
      const label = fresh();
      for (const name of ['x', 'y']) await at.createStream(`${label}-${name}`, { metadata: { labels: { label } } });
      const { uid } = (await get(`${label}-x`)).metadata;
      const body = { preconditions: { uid } };
      const selection = at.streams(`?labelSelector=label%3D${label}`);
      expect((await at.api.ask(selection, { method: 'DELETE', body })).code).toBe(409);
      await get(`${label}-y`);
    });

    test('of a selection deletes it, tells what it was, and leaves the others', async () => {
      const label = fresh();
      for (const name of ['x', 'y']) await at.createStream(`${label}-${name}`, { metadata: { labels: { label } } });
      const other = await at.createStream(`${label}-z`);
      const body = await at.ok('DELETE', at.streams(`?labelSelector=label%3D${label}`));
      expect(body.kind).toBe('ImageStreamList');
      expect(body.items.map((one: Any) => one.metadata.name)).toEqual([`${label}-x`, `${label}-y`]);
      const left = await at.ok('GET', at.streams());
      const names = left.items.map((one: Any) => one.metadata.name).filter((name: string) => name.startsWith(label));
      expect(names).toEqual([other.metadata.name]);
    });
  });

  describe('a lease', () => {
    test('is held as the operator holds it, by microseconds and versions', async () => {
      const leases = `/apis/coordination.k8s.io/v1/namespaces/${at.namespace}/leases`;
      const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-02T03:04:05.000006Z' };
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec };
      const first = await at.ok('POST', leases, lease);
      expect(first.spec).toEqual(spec);
      const second = await at.ok('PUT', `${leases}/l`, { ...first, spec: { ...spec, holderIdentity: 'b' } });
      expect(second.spec.holderIdentity).toBe('b');
      const body = { ...first, spec: { ...spec, holderIdentity: 'c' } };
      const { code } = await at.api.ask(`${leases}/l`, { method: 'PUT', body });
      expect(code).toBe(409);
    });
  });
}
