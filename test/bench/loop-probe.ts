// Loaded into a measured process: once asked, tells its parent, in milliseconds, how long the event loop was kept from
// going on.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const TELL_EVERY_MS = 100;

const delay = monitorEventLoopDelay({ resolution: 10 });
process.once('message', () => {
  delay.enable();
  // Never reset: after a long block this timer may come before that of the histogram, and a reset would lose the block.
  setInterval(() => process.send?.(delay.max / 1e6), TELL_EVERY_MS).unref();
});
process.channel?.unref();
