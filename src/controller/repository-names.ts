import type { ImageStream, ImageStreamStatus } from '../api/image-stream.ts';

/** Registries through which streams can be pulled, `host[:port]`; none by default. */
export interface StreamRegistries {
  readonly internal?: string;
  readonly public?: string;
}

/** The stream with the repositories that it has in these registries (controllers 5.7); the same object when it says so already. */
export function withRepositoryNames(stream: ImageStream, registries: StreamRegistries): ImageStream {
  const { namespace = '', name = '' } = stream.metadata;
  const at = (registry: string | undefined) => (registry ? `${registry}/${namespace}/${name}` : '');
  const [internal, external] = [at(registries.internal), at(registries.public)];
  const { dockerImageRepository, publicDockerImageRepository, ...rest }: ImageStreamStatus = stream.status ?? {};
  if ((dockerImageRepository ?? '') === internal && (publicDockerImageRepository ?? '') === external) return stream;
  const status = {
    ...rest,
    ...(internal !== '' && { dockerImageRepository: internal }),
    ...(external !== '' && { publicDockerImageRepository: external }),
  };
  return { ...stream, status };
}
