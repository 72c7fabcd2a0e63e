import { afterEach, describe, expect, test } from '@jest/globals';
import type { Any, WatchEvent, Watching } from './api.ts';
import { MERGE_PATCH, type Stage } from './stage.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const INITIAL = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const ENDS_INITIAL = { 'k8s.io/initial-events-end': 'true' };

/** What a watch tells, and in which form. */
export function watches(at: Stage): void {
  const open: Watching[] = [];
  let count = 0;

  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  /** A label by which the objects of one test are told from the others'. */
  const mark = () => `test-${++count}`;
  const labelled = (test: string, more: object = {}) => ({ metadata: { labels: { test }, ...more } });
  const watch = async (query: string, accept?: string, path = at.streams()) => {
    const watching = await at.api.watch(`${path}?watch=true&${query}`, accept);
    open.push(watching);
    expect(watching.code).toBe(200);
    return watching;
  };
  const told = ({ type, object }: WatchEvent) => `${type} ${object.metadata.name}`;
  const next = async (watching: Watching, many: number) => {
    const lines: string[] = [];
    while (lines.length < many) lines.push(told(await watching.next()));
    return lines;
  };
  const version = async () => (await at.ok('GET', at.streams())).metadata.resourceVersion as string;
  const change = (name: string, labels: object) =>
    at.patch(at.streams(`/${name}`), MERGE_PATCH, { metadata: { labels } });

  describe('a watch', () => {
    test('from a version tells what happened since, then what happens', async () => {
      const test = mark();
      const from = await version();
      await at.createStream('since', labelled(test));
      const watching = await watch(`resourceVersion=${from}`);
      await at.createStream('later', labelled(test));
      await change('since', { more: 'x' });
      const deleted = await at.ok('DELETE', at.streams('/later'));
      expect(await next(watching, 3)).toEqual(['ADDED since', 'ADDED later', 'MODIFIED since']);
      const gone = await watching.next();
      expect(told(gone)).toBe('DELETED later');
      expect(gone.object.metadata.uid).toBe(deleted.details.uid);
      expect(Number(gone.object.metadata.resourceVersion)).toBeGreaterThan(Number(from));
    });

    test.each(['', '&resourceVersion=0'])('without a version ("%s") tells what is there first', async query => {
      const test = mark();
      await at.createStream(`${test}-a`, labelled(test));
      const watching = await watch(`labelSelector=test%3D${test}${query}`);
      expect(await next(watching, 1)).toEqual([`ADDED ${test}-a`]);
      await at.createStream(`${test}-b`, labelled(test));
      expect(await next(watching, 1)).toEqual([`ADDED ${test}-b`]);
    });

    test('tells what comes to be meant as added, and what is no longer meant as deleted', async () => {
      const test = mark();
      await at.createStream(test);
      const watching = await watch(`labelSelector=test%3D${test}&resourceVersion=${await version()}`);
      await change(test, { test });
      await change(test, { more: 'x' });
      const left = await change(test, { test: 'other' });
      expect(await next(watching, 2)).toEqual([`ADDED ${test}`, `MODIFIED ${test}`]);
      const gone = await watching.next();
      expect([gone.type, gone.object.metadata.labels]).toEqual(['DELETED', { test, more: 'x' }]);
      expect(gone.object.metadata.resourceVersion).toBe(left.body.metadata.resourceVersion);
    });

    test('of one object tells of no other', async () => {
      const test = mark();
      const watching = await watch(`fieldSelector=metadata.name%3D${test}&resourceVersion=${await version()}`);
      await at.createStream(`${test}-other`);
      await at.createStream(test);
      expect(await next(watching, 1)).toEqual([`ADDED ${test}`]);
    });

    test('of all namespaces tells of this one, too', async () => {
      const test = mark();
      const path = '/apis/image.openshift.io/v1/imagestreams';
      const watching = await watch(`labelSelector=test%3D${test}`, undefined, path);
      await at.createStream(test, labelled(test));
      const { object } = await watching.next();
      expect(object.metadata).toMatchObject({ name: test, namespace: at.namespace });
    });

    test('ends when its time is over', async () => {
      const watching = await watch(`labelSelector=test%3D${mark()}&timeoutSeconds=1`);
      expect(await watching.rest()).toEqual([]);
    });

    test('tells by a bookmark how far it has come before its time is over', async () => {
      const test = mark();
      const watching = await watch(`resourceVersion=${await version()}&allowWatchBookmarks=true&timeoutSeconds=6`);
      const { metadata } = await at.createStream(test);
      const [added, ...bookmarks] = (await watching.rest()) as Any[];
      expect(told(added)).toBe(`ADDED ${test}`);
      // How many is up to the server.
      expect(bookmarks.length).toBeGreaterThan(0);
      const { type, object } = bookmarks.at(-1);
      expect([type, object.kind, object.apiVersion]).toEqual(['BOOKMARK', 'ImageStream', 'image.openshift.io/v1']);
      expect(Object.keys(object.metadata)).toEqual(['resourceVersion']);
      expect(Number(object.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(metadata.resourceVersion));
    });

    test('from a version that is forgotten is told so, within a good answer, and ends', async () => {
      // Of the embedded server the past is as short as this in these tests; a real one knows nothing of version 1 anyway.
      const name = mark();
      await at.createStream(name);
      for (let index = 0; index < 60; index += 1) await change(name, { index: String(index) });
      const watching = await watch('resourceVersion=1');
      const events = await watching.rest();
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        type: 'ERROR',
        object: {
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason: 'Expired',
          code: 410,
          message: expect.stringMatching(/^too old resource version: 1/),
        },
      });
    });
  });

  describe('initial events', () => {
    test('end with a bookmark that says so', async () => {
      const test = mark();
      await at.createStream(`${test}-a`, labelled(test));
      await at.createStream(`${test}-b`, labelled(test));
      const watching = await watch(`labelSelector=test%3D${test}&${INITIAL}`);
      expect((await next(watching, 2)).sort()).toEqual([`ADDED ${test}-a`, `ADDED ${test}-b`]);
      const end = await watching.next();
      expect([end.type, end.object.kind, end.object.metadata.annotations]).toEqual([
        'BOOKMARK',
        'ImageStream',
        ENDS_INITIAL,
      ]);
      await at.createStream(`${test}-c`, labelled(test));
      expect(await next(watching, 1)).toEqual([`ADDED ${test}-c`]);
    });

    test('of nothing are but their end', async () => {
      const watching = await watch(`labelSelector=test%3D${mark()}&${INITIAL}`);
      expect((await watching.next()).object.metadata.annotations).toEqual(ENDS_INITIAL);
    });

    test('of a version that is yet to come are refused, within a good answer', async () => {
      const query = `labelSelector=test%3D${mark()}&${INITIAL}&resourceVersion=99999999`;
      const events = await (await watch(query)).rest();
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        type: 'ERROR',
        object: { reason: 'Timeout', code: 504, details: { retryAfterSeconds: 1 } },
      });
    });

    test('can be left out', async () => {
      const test = mark();
      await at.createStream(`${test}-a`, labelled(test));
      const watching = await watch(
        `labelSelector=test%3D${test}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
      );
      await at.createStream(`${test}-b`, labelled(test));
      expect(await next(watching, 1)).toEqual([`ADDED ${test}-b`]);
    });
  });

  describe('a watch in another form', () => {
    test('tells rows, and the columns once', async () => {
      const test = mark();
      await at.createStream(test, labelled(test));
      const watching = await watch(`labelSelector=test%3D${test}&${INITIAL}`, TABLE);
      const first = await watching.next();
      expect(first).toMatchObject({ type: 'ADDED', object: { kind: 'Table', apiVersion: 'meta.k8s.io/v1' } });
      expect(first.object.columnDefinitions.map((one: Any) => one.name)).toContain('Repository');
      expect(first.object.rows[0].cells[0]).toBe(test);
      expect(first.object.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: test } });
      const end = await watching.next();
      expect(end).toMatchObject({
        type: 'BOOKMARK',
        object: {
          kind: 'Table',
          columnDefinitions: null,
          rows: [{ object: { kind: 'PartialObjectMetadata', metadata: { annotations: ENDS_INITIAL } } }],
        },
      });
      expect(end.object.rows[0].cells.slice(1)).toEqual([null, null, null, null]);
      await change(test, { more: 'x' });
      const { type, object } = await watching.next();
      expect([type, object.kind, object.columnDefinitions]).toEqual(['MODIFIED', 'Table', null]);
      expect(object.rows[0].object.metadata.labels).toEqual({ test, more: 'x' });
    });

    test('tells metadata alone', async () => {
      const test = mark();
      await at.createStream(test, labelled(test));
      const watching = await watch(`labelSelector=test%3D${test}&${INITIAL}`, METADATA);
      const { type, object } = await watching.next();
      expect([type, Object.keys(object).sort()]).toEqual(['ADDED', ['apiVersion', 'kind', 'metadata']]);
      expect([object.kind, object.metadata.name]).toEqual(['PartialObjectMetadata', test]);
      expect((await watching.next()).object).toMatchObject({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { annotations: ENDS_INITIAL },
      });
    });
  });

  describe('Events', () => {
    test('are selected by what they are about, and shown in both of their forms', async () => {
      const test = mark();
      const { metadata } = await at.createStream(test);
      const now = '2026-01-02T03:04:05.000006Z';
      await at.ok('POST', `/apis/events.k8s.io/v1/namespaces/${at.namespace}/events`, {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: `${test}.1`, namespace: at.namespace },
        eventTime: now,
        reportingController: 'imagestream-operator',
        reportingInstance: 'here',
        action: 'Import',
        reason: 'TagMoved',
        type: 'Normal',
        note: 'it moved',
        regarding: { kind: 'ImageStream', namespace: at.namespace, name: test, uid: metadata.uid },
      });
      const about = `involvedObject.name=${test},involvedObject.namespace=${at.namespace},involvedObject.uid=${metadata.uid}`;
      const core = await at.ok('GET', at.core(`events?fieldSelector=${encodeURIComponent(about)}`));
      expect(core.items).toHaveLength(1);
      expect(core.items[0]).toMatchObject({
        message: 'it moved',
        reason: 'TagMoved',
        type: 'Normal',
        involvedObject: { kind: 'ImageStream', name: test },
        eventTime: now,
        reportingComponent: 'imagestream-operator',
      });
      const none = encodeURIComponent(`involvedObject.name=${test},type=Warning`);
      expect((await at.ok('GET', at.core(`events?fieldSelector=${none}`))).items).toEqual([]);
      const path = `/apis/events.k8s.io/v1/namespaces/${at.namespace}/events`;
      const regarding = encodeURIComponent(`regarding.name=${test},reportingController=imagestream-operator`);
      const { items } = await at.ok('GET', `${path}?fieldSelector=${regarding}`);
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({ note: 'it moved', regarding: { name: test }, eventTime: now });
      const watching = await watch(`fieldSelector=${encodeURIComponent(about)}`, undefined, at.core('events'));
      expect((await watching.next()).object).toMatchObject({ kind: 'Event', apiVersion: 'v1', message: 'it moved' });
    });
  });
}
