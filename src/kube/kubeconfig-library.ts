// Loaded when a cluster is really to be reached: no other command should pay for it.
// Named here, so that a bundle holds no more of the library than this takes.
export { KubeConfig } from '@kubernetes/client-node';
