import type { ImageStream, SpecTag, TagCondition, TagHistory } from '../../src/api/image-stream.ts';
import type { Cluster } from './control-plane.ts';
import { until } from './until.ts';

/** A tag of a spec, as people write it. */
export function tag(name: string, from: string, importPolicy?: SpecTag['importPolicy']): SpecTag {
  return { name, from: { kind: 'DockerImage', name: from }, ...(importPolicy && { importPolicy }) };
}

export function scheduledTag(name: string, from: string): SpecTag {
  return tag(name, from, { scheduled: true });
}

export interface StreamOptions {
  readonly namespace?: string;
  /** How often its tags are re-checked. */
  readonly interval?: string;
}

export function stream(name: string, tags: readonly SpecTag[], options: StreamOptions = {}): ImageStream {
  const { namespace = 'demo', interval } = options;
  const annotations = interval === undefined ? {} : { annotations: { 'imagestream-operator/interval': interval } };
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name, namespace, ...annotations },
    spec: { tags },
  };
}

/** Streams of a cluster, asked for without a program in between: tests poll them. */
export interface Streams {
  create(object: ImageStream): Promise<void>;
  read(name: string, namespace?: string): Promise<ImageStream>;
  /** History of a tag; undefined while there is none. */
  history(name: string, tag: string, namespace?: string): Promise<TagHistory | undefined>;
  /** Waits until the head of a tag is this image. */
  headIs(name: string, tag: string, image: string, namespace?: string): Promise<TagHistory>;
  /** Waits until the last import of a tag ended so. */
  conditionIs(name: string, tag: string, status: 'True' | 'False', namespace?: string): Promise<TagCondition>;
}

export function streamsOf(cluster: Cluster): Streams {
  const root = (namespace: string) => `/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams`;
  const read = async (name: string, namespace = 'demo') =>
    (await cluster.plane().ask('GET', `${root(namespace)}/${name}`)) as ImageStream;
  const history = async (name: string, wanted: string, namespace?: string) =>
    (await read(name, namespace)).status?.tags?.find(one => one.tag === wanted);
  return {
    async create(object) {
      await cluster.plane().ask('POST', root(object.metadata.namespace ?? 'demo'), object);
    },
    read,
    history,
    headIs: (name, wanted, image, namespace) =>
      until(`tag ${wanted} of ${name} is ${image}`, async () => {
        const found = await history(name, wanted, namespace);
        return found?.items?.[0]?.image === image && found;
      }),
    conditionIs: (name, wanted, status, namespace) =>
      until(`the condition of tag ${wanted} of ${name} is ${status}`, async () => {
        const found = await history(name, wanted, namespace);
        return found?.conditions?.find(one => one.type === 'ImportSuccess' && one.status === status);
      }),
  };
}
