// What the bundle has in place of the whole of undici: its dispatchers and their methods, as its own index puts them
// together. fetch, WebSocket, caches and mocks would be loaded with it, and cost 12 MiB and a quarter of the bundle.
import api from 'undici/lib/api/index.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

Object.assign(Dispatcher.prototype, api);

export { default as buildConnector } from 'undici/lib/core/connect.js';
export { default as errors } from 'undici/lib/core/errors.js';
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';

// Named by parts of the Kubernetes client that nothing here calls.
export const { fetch } = globalThis;
