// The least that checks can cost in this language: HEADs by undici at an even pace, and nothing done with the answers.
import { Agent, request } from 'undici';

const [url = '', perSecond = '17', seconds = '30'] = process.argv.slice(2);
const dispatcher = new Agent({ connections: 8, pipelining: 1 });
const count = Number(perSecond) * Number(seconds);
let sent = 0;
let before = process.cpuUsage();
const timer = setInterval(async () => {
  sent += 1;
  // As much again is sent before: what goes on for weeks runs warm.
  if (sent === count) before = process.cpuUsage();
  if (sent > 2 * count) {
    clearInterval(timer);
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuSeconds: (user + system) / 1e6, count, rssMib: process.memoryUsage.rss() / 1024 / 1024 });
    await dispatcher.close();
    return;
  }
  const { body } = await request(`${url}/v2/bench/${sent % 1_000}/manifests/t0`, {
    method: 'HEAD',
    dispatcher,
    reset: false,
  });
  await body.dump();
}, 1_000 / Number(perSecond));
