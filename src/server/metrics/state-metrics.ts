import { Gauge, type Registry } from 'prom-client';
import type { ServerContext } from '../context.js';

/** What a server has at the moment; it is asked for when the metrics are read. */
export function measureState(context: ServerContext, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const { sessions, services, batches, phase } = context;
  gauge('slipway_ready', '1 while the server is ready, else 0.', () =>
    phase.current === 'ready' ? 1 : 0,
  );
  gauge('slipway_sessions', 'Sessions in use.', () => sessions.pool().active);
  gauge('slipway_sessions_warm', 'Sessions in reserve.', () => sessions.pool().warm);
  gauge('slipway_sessions_limit', 'Sessions that may run.', () => sessions.pool().maxSize);
  gauge('slipway_services_live', 'Service versions that have workers.', () => services.load().live);
  gauge('slipway_service_workers', 'Workers of services.', () => services.load().workers);
  gauge('slipway_service_calls_running', 'Calls that workers have.', () => services.load().running);
  gauge(
    'slipway_service_queue_length',
    'Calls that wait for a worker.',
    () => services.load().waiting,
  );
  gauge('slipway_batches_running', 'Batches that run.', () => batches.load().running);
  gauge('slipway_batches_waiting', 'Batches that wait.', () => batches.load().waiting);
}
