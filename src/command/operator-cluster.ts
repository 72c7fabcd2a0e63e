import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import type { Clock } from '../clock.ts';
import type { ImageStore } from '../controller/images.ts';
import type { ImportIndex } from '../controller/import-index.ts';
import type { StreamIndex } from '../controller/stream-index.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObserver } from '../kube/observer.ts';
import {
  createReflector,
  joinReflectors,
  type Reflected,
  type Reflector,
  type ReflectorSink,
} from '../kube/reflector.ts';
import { collectionPaths, IMAGE_STREAM_IMPORTS, IMAGE_STREAMS, IMAGES, type Resource } from '../kube/resource.ts';
import type { Logger } from '../log.ts';

export interface WatchedCluster {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: KubeObserver;
  /** Empty means all. */
  readonly namespaces: readonly string[];
}

export interface Sinks {
  readonly streams: StreamIndex;
  readonly imports: ImportIndex;
  /** Absent with `--images=off`. */
  readonly images: ImageStore | undefined;
}

/** Keeps what the operator knows like what the API server has. */
export function watchCluster(cluster: WatchedCluster, sinks: Sinks): Reflector {
  return joinReflectors([
    watchKind<ImageStream>(cluster, IMAGE_STREAMS, sinks.streams),
    watchKind<ImageStreamImport>(cluster, IMAGE_STREAM_IMPORTS, sinks.imports),
    // Cluster-scoped, and as large as it gets: their metadata is all that is asked for.
    ...(sinks.images === undefined ? [] : [watchImages(cluster, sinks.images)]),
  ]);
}

function watchKind<T extends Reflected>(
  cluster: WatchedCluster,
  resource: Resource,
  sink: ReflectorSink<T>,
): Reflector {
  const { namespaces, client, clock, log, observer } = cluster;
  const paths = collectionPaths(resource, namespaces);
  return joinReflectors(
    paths.map(path => createReflector<T>({ client, path, sink, clock, random: Math.random, log, observer })),
  );
}

function watchImages({ client, clock, log, observer }: WatchedCluster, sink: ImageStore): Reflector {
  const query = { metadataOnly: true };
  return createReflector({
    client,
    path: { resource: IMAGES },
    query,
    sink,
    clock,
    random: Math.random,
    log,
    observer,
  });
}
