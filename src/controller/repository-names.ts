import type { ImageStream, ImageStreamStatus } from '../api/image-stream.ts';

/** Registries through which streams can be pulled, `host[:port]`; none by default. */
export interface StreamRegistries {
  /** As workloads of the cluster reach it; that of `publicRegistry` unless told. */
  readonly internalRegistry?: string | undefined;
  /** As everybody reaches it. */
  readonly publicRegistry?: string | undefined;
}

/** The stream with the repositories that it has in these registries (controllers 5.7); the same object when it says so already. */
export function withRepositoryNames(stream: ImageStream, registries: StreamRegistries): ImageStream {
  const { internalRegistry, publicRegistry } = registries;
  const internal = nameAt(internalRegistry || publicRegistry, stream);
  const external = nameAt(publicRegistry, stream);
  const said = stream.status;
  const isSaid =
    (said?.dockerImageRepository ?? '') === internal && (said?.publicDockerImageRepository ?? '') === external;
  if (isSaid) return stream;
  const {
    dockerImageRepository: _internal,
    publicDockerImageRepository: _public,
    ...rest
  }: ImageStreamStatus = said ?? {};
  const status = {
    ...rest,
    ...(internal !== '' && { dockerImageRepository: internal }),
    ...(external !== '' && { publicDockerImageRepository: external }),
  };
  return { ...stream, status };
}

function nameAt(registry: string | undefined, { metadata }: ImageStream): string {
  return registry ? `${registry}/${metadata.namespace ?? ''}/${metadata.name ?? ''}` : '';
}
