/**
 * The two rule sets of design D6: `openshift` records as OpenShift's API does, `operator` as our operator does on CRDs
 * (True conditions, sources, capped history, generations left to the API server).
 */
export type Rules = 'openshift' | 'operator';
