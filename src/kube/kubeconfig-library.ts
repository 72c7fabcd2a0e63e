// Loaded when a cluster is really to be reached: it costs some 130 ms and 40 MB that no other command should pay.
// Named here, so that a bundle holds no more of the library than this takes.
export { KubeConfig } from '@kubernetes/client-node';
