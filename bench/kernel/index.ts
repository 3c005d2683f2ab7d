/** The figures of the kernel beside ipykernel without anything between, by section. */
import type { Figure } from '../report.js';
import { busyFigures } from './busy.js';
import { heartbeatFigures } from './heartbeat.js';
import { memoryFigures } from './memory.js';
import { displayFigures, lineFigures, streamFigures } from './output.js';
import { roundTripFigures } from './round-trip.js';
import { startFigures } from './start.js';
import type { Subjects } from './subjects.js';

export const KERNEL_SECTIONS: Readonly<Record<string, (subjects: Subjects) => Promise<Figure[]>>> =
  {
    'round-trip': roundTripFigures,
    start: startFigures,
    lines: lineFigures,
    display: displayFigures,
    streams: streamFigures,
    busy: busyFigures,
    heartbeat: heartbeatFigures,
    memory: memoryFigures,
  };
