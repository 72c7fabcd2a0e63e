// Loaded into a measured process: tells its parent, in milliseconds, for how long the event loop was kept from going on.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const TELL_EVERY_MS = 100;

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
setInterval(() => {
  process.send?.(delay.max / 1e6);
  delay.reset();
}, TELL_EVERY_MS).unref();
