import type { ImageStream } from '../api/image-stream.ts';
import type { TypedObject } from '../api/meta.ts';
import { API_VERSION, INTERVAL_ANNOTATION } from '../api/names.ts';
import type { SampleRegistry } from '../standalone/sample-registry.ts';

const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

type Registry = Pick<SampleRegistry, 'host' | 'repository' | 'tags'>;

/** What there is to look at in a new cluster: a stream that follows the sample registry, in a namespace of its own. */
export function sampleObjects({ host, repository, tags }: Registry): readonly [TypedObject, ImageStream] {
  const [namespace = '', name = ''] = repository.split('/');
  const stream = {
    apiVersion: API_VERSION,
    kind: 'ImageStream',
    // Short, to be watched.
    metadata: { name, namespace, annotations: { [INTERVAL_ANNOTATION]: '10s' } },
    spec: {
      lookupPolicy: { local: false },
      tags: tags.map(tag => ({
        name: tag,
        from: { kind: 'DockerImage', name: `${host}/${repository}:${tag}` },
        // Plain http. Of releases nobody expects that they move.
        importPolicy: { insecure: true, ...(tag === 'latest' && { scheduled: true }) },
      })),
    },
  };
  // As if it had been applied: otherwise kubectl warns whoever applies it next, as the examples do.
  const annotations = { ...stream.metadata.annotations, [LAST_APPLIED_ANNOTATION]: `${JSON.stringify(stream)}\n` };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { ...stream, metadata: { ...stream.metadata, annotations } },
  ];
}

/**
 * The sample stream of an earlier run, whose registry may have been at another port: as its user left it, but for that.
 * Undefined when nothing is to be changed.
 */
export function followed(stream: ImageStream, { host, repository }: Registry): ImageStream | undefined {
  const tags = stream.spec?.tags ?? [];
  const moved = tags.map(tag => {
    const [, old, tagName] = /^(127\.0\.0\.1:\d+)\/(.+)$/.exec(tag.from?.name ?? '') ?? [];
    if (old === undefined || old === host || !tagName?.startsWith(`${repository}:`)) return tag;
    return { ...tag, from: { ...tag.from, name: `${host}/${tagName}` } };
  });
  return moved.every((tag, at) => tag === tags[at]) ? undefined : { ...stream, spec: { ...stream.spec, tags: moved } };
}
