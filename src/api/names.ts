/** Names that OpenShift fixed, and ours (design D10). */
export const GROUP = 'image.openshift.io';
export const API_VERSION = 'image.openshift.io/v1';

/** RFC 3339 time of the last recorded import; any text suppresses the initial one (api-types 7). */
export const REPOSITORY_CHECK_ANNOTATION = 'openshift.io/image.dockerRepositoryCheck';
export const INSECURE_REPOSITORY_ANNOTATION = 'openshift.io/image.insecureRepository';
export const LAYERS_ORDER_ANNOTATION = 'image.openshift.io/dockerLayersOrder';
export const PREFER_ARCH_ANNOTATION = 'importer.image.openshift.io/prefer-arch';
export const PREFER_OS_ANNOTATION = 'importer.image.openshift.io/prefer-os';

/** How often a scheduled tag is re-checked: a duration on a stream or on a spec tag. */
export const INTERVAL_ANNOTATION = 'imagestream-operator/interval';
/** A new value re-checks all tags of the stream. */
export const REQUESTED_AT_ANNOTATION = 'imagestream-operator/requested-at';

/** On a stream: uid of the ImageStreamImport that last wrote its spec (design D12). */
export const LAST_IMPORT_ANNOTATION = 'imagestream-operator/last-import';
/** On an ImageStreamImport: name of its stream, where it is not its own. */
export const STREAM_ANNOTATION = 'imagestream-operator/stream';
/** On an Image: RFC 3339 time since when nothing names it (design D11). */
export const UNREFERENCED_SINCE_ANNOTATION = 'imagestream-operator/unreferenced-since';

export const DEFAULT_TAG = 'latest';
