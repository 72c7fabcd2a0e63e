import { randomBytes } from 'node:crypto';
import { beforeAll } from '@jest/globals';
import type { Answered, Any, Api } from './api.ts';

export const STREAMS = '/apis/image.openshift.io/v1';
export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

/** A namespace of its own for a part of the contract, and what is done in it. */
export class Stage {
  readonly #api: () => Api;
  readonly namespace = `contract-${randomBytes(4).toString('hex')}`;

  /** Created before the first test of the part. */
  constructor(api: () => Api) {
    this.#api = api;
    beforeAll(async () => {
      await this.ok('POST', '/api/v1/namespaces', { metadata: { name: this.namespace } });
    });
  }

  get api(): Api {
    return this.#api();
  }

  /** `/api/v1/namespaces/contract-1/secrets/a`. */
  core(path: string): string {
    return `/api/v1/namespaces/${this.namespace}/${path}`;
  }

  /** `/apis/image.openshift.io/v1/namespaces/contract-1/imagestreams/a`. */
  streams(path = ''): string {
    return `${STREAMS}/namespaces/${this.namespace}/imagestreams${path}`;
  }

  /** What is answered to a request that succeeds. */
  async ok(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, type?: string) {
    const asked = { method, ...(body !== undefined && { body }), ...(type !== undefined && { type }) };
    const answered = await this.api.ask(path, asked);
    if (answered.code >= 300) throw new Error(`${method} ${path} was answered ${answered.code}: ${answered.text}`);
    return answered.body as Any;
  }

  createStream(name: string, more: { readonly metadata?: object; readonly spec?: object } = {}): Promise<Any> {
    return this.ok('POST', this.streams(), stream(name, more));
  }

  createConfigMap(name: string, metadata: object = {}): Promise<Any> {
    return this.ok('POST', this.core('configmaps'), { metadata: { name, ...metadata } });
  }

  /** Sends a patch of this type. */
  patch(path: string, type: string, body: unknown): Promise<Answered> {
    return this.api.ask(path, { method: 'PATCH', type, body });
  }
}

export function stream(name: string, { metadata = {}, ...more }: { metadata?: object; spec?: object } = {}): object {
  return { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', metadata: { name, ...metadata }, ...more };
}

/** A spec tag that follows an image. */
export function tag(name: string, from = `quay.io/acme/app:${name}`): object {
  return { name, from: { kind: 'DockerImage', name: from } };
}
