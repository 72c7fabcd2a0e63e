// The least that checks can cost in this language: HEADs by undici in the crowds that checks come in, and nothing done with the answers.
import { Agent, request } from 'undici';
import { beatFrom } from '../../src/imagestream/slot.ts';

const [url = '', perMinute = '1000', seconds = '60'] = process.argv.slice(2);
const beatMs = beatFrom(1);
const crowd = (Number(perMinute) * beatMs) / 60_000;
const dispatcher = new Agent({ connections: 32, pipelining: 1 });
let sent = 0;
let due = 0;

async function head(): Promise<void> {
  sent += 1;
  const path = `/v2/bench/${sent % 1_000}/manifests/t0`;
  const { body } = await request(`${url}${path}`, { method: 'HEAD', dispatcher, reset: false });
  await body.dump();
}

/** CPU seconds of so many seconds of it, and how many were sent. */
function measure(forMs: number): Promise<{ cpuSeconds: number; count: number }> {
  const before = process.cpuUsage();
  const sentBefore = sent;
  return new Promise(resolve => {
    const timer = setInterval(() => {
      due += crowd;
      for (; due >= 1; due -= 1) void head();
    }, beatMs);
    setTimeout(() => {
      clearInterval(timer);
      const { user, system } = process.cpuUsage(before);
      resolve({ cpuSeconds: (user + system) / 1e6, count: sent - sentBefore });
    }, forMs);
  });
}

// As much again goes by before: what goes on for weeks runs warm.
await measure(Number(seconds) * 1_000);
const measured = await measure(Number(seconds) * 1_000);
process.send?.({ ...measured, rssMib: process.memoryUsage.rss() / 1024 / 1024 });
await dispatcher.close();
