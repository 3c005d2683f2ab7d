/** Pings the heartbeat whose address it is given, until it is told to stop; then says the slowest. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Request } from 'zeromq';
import { timed } from '../statistics.js';

const PAUSE = 5;

const socket = new Request({ linger: 0 });
socket.connect(workerData);
let isStopped = false;
parentPort?.once('message', () => {
  isStopped = true;
});

const beat = () =>
  timed(async () => {
    await socket.send('ping');
    await socket.receive();
  });

await beat();
parentPort?.postMessage('ready');
let slowest = 0;
while (!isStopped) {
  slowest = Math.max(slowest, await beat());
  await delay(PAUSE);
}
socket.close();
parentPort?.postMessage(slowest);
